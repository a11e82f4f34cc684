@database
Feature: What is saved
  What was asked and answered is there tomorrow, word for word, in order, and under the name of the customer.

  Rule: Questions and answers are saved word for word

    @critical @golden_path
    Scenario: The answer that was read is the answer that is saved
      Given Ada is signed in and watching
      When Ada asks "How did our sales do last week?"
      Then Ada reads one answer
      And Ada's question is saved with the answer that Ada read

    @critical
    Scenario: The answer is saved before the customer is told
      Given Ada is signed in and watching
      When Ada asks "Hello"
      Then the answer is saved by the moment Ada reads it

    @high
    Scenario: A conversation is saved in the order in which it was held
      Given Ada is signed in and watching
      And Ada has asked "Hello"
      When Ada asks "Plan our launch" in the same conversation
      Then Ada reads one answer
      And Ada's conversation is saved as:
        | Ada           | Hello                                                             |
        | the assistant | Hello! What can I do for you?                                     |
        | Ada           | Plan our launch                                                   |
        | the assistant | The launch is on 3 May, costs 40,000 euros and needs five people. |

    @high
    Scenario: A question in another script is saved as it was written
      Given Ada is signed in and watching
      When Ada asks "Was kostet das Öl? 油の値段は? 🚀"
      Then Ada reads one answer
      And Ada's question is saved with the answer that Ada read

    @critical
    Scenario: A question that was given up is saved without an answer
      Given Ada is signed in and watching
      When Ada asks "Solve the unsolvable riddle"
      Then Ada is told that the assistant gave up
      And Ada's question is saved as given up, without an answer

    @critical
    Scenario: A question that was stopped is saved without an answer
      Given Ada is signed in and watching
      And the assistant is working on Ada's question "Read all our contracts"
      When Ada stops the assistant
      Then Ada is told that the work was stopped
      And Ada's question is saved as given up, without an answer

    @normal
    Scenario: What is saved tells when it was
      Given Ada is signed in and watching
      When 2 hours pass
      And Ada carries on
      And Ada asks "Hello"
      Then Ada reads one answer
      And Ada's conversation is saved with times of this minute

  Rule: Conversations are listed with the latest first

    @high
    Scenario: The latest conversation comes first
      Given Ada is signed in
      When Ada begins conversations called: Winter, Autumn, Spring
      Then Ada's conversations are: Spring, Autumn, Winter
      And Ada's saved conversations are: Spring, Autumn, Winter

    @high
    Scenario: A conversation that goes on moves to the top
      Given Ada is signed in
      And Ada has conversations called: Winter, Autumn, Spring
      When Ada asks "Hello" in "Winter"
      Then Ada reads one answer
      And Ada's conversations are: Winter, Spring, Autumn
      And Ada's saved conversations are: Winter, Spring, Autumn

    @normal
    Scenario: Leafing through many conversations shows each of them once
      Given Ada is signed in
      And Ada has 25 conversations
      When Ada leafs through the conversations, 10 at a time
      Then Ada has seen each of the 25 conversations once, the latest first
      And Ada's 25 conversations are saved

  Rule: A conversation has a title of up to 200 letters

    @normal
    Scenario Outline: A title that does not fit is refused, and nothing is saved
      Given Ada has a conversation called "Winter"
      When Ada begins a conversation with a title of <letters> letters
      Then Ada is told that the title does not fit
      And Ada's saved conversations are: Winter

      Examples:
        | letters |
        | 0       |
        | 201     |

    @normal
    Scenario Outline: A title that fits is saved in full
      Given Ada is signed in
      When Ada begins a conversation with a title of <letters> letters
      Then Ada's conversation is saved with the full title

      Examples:
        | letters |
        | 1       |
        | 200     |

  Rule: What was sent twice by accident is saved once

    @high
    Scenario: A second press on the button begins no second conversation
      Given Ada is signed in
      When Ada begins "Plans for spring" with two presses on the button
      Then Ada's conversations are: Plans for spring
      And Ada's saved conversations are: Plans for spring

    @high
    Scenario: Two presses at the same moment begin one conversation
      Given Ada is signed in
      When Ada begins "Plans for spring" with 5 presses at the same moment
      Then Ada's conversations are: Plans for spring
      And Ada's saved conversations are: Plans for spring

    @normal
    Scenario: The same title on purpose is two conversations
      Given Ada is signed in
      When Ada begins conversations called: Invoices, Invoices
      Then Ada's saved conversations are: Invoices, Invoices
