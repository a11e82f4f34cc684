@agents
Feature: Asking the assistant
  A question gets one answer. Where the assistant needs tools, the customer sees which, and is told honestly when one
  of them did not work.

  Background:
    Given Ada is signed in and watching

  Rule: Every question comes to an end that the customer is told

    @critical @golden_path
    Scenario: A question gets its answer
      When Ada asks "Hello"
      Then Ada reads "Hello! What can I do for you?"

    @critical
    Scenario: A question that cannot be solved ends with an honest word
      When Ada asks "Solve the unsolvable riddle"
      Then Ada is told that the assistant gave up
      And Ada has no answer to the question

    @high
    Scenario Outline: A question needs words
      When Ada asks a question of <what>
      Then Ada is told that this is not a question
      And Ada has asked nothing

      Examples:
        | what          |
        | nothing       |
        | spaces        |
        | 4001 letters  |

    @normal
    Scenario: The longest question that is allowed is answered
      When Ada asks a question of 4000 letters
      Then Ada reads one answer

    @high
    Scenario: The same question twice is two questions
      When Ada asks "What is new?"
      And Ada asks "What is new?"
      Then Ada reads one answer to each of the 2 questions

  Rule: The assistant uses the tools that the question needs

    @critical @golden_path
    Scenario: One tool finds the figure
      When Ada asks "How did our sales do last week?"
      Then Ada sees at work: sales report
      And Ada reads "Sales rose by 4 percent to 128,400 euros."

    @high
    Scenario: Several tools work one after the other
      When Ada asks "Plan our launch"
      Then Ada sees at work: calendar, budget, team
      And Ada reads "The launch is on 3 May, costs 40,000 euros and needs five people."

    @high
    Scenario: One tool does two things at the same time
      When Ada asks "Compare this year's sales with last year's"
      Then Ada sees at work: sales report, sales report
      And Ada sees 6.1 million for this year and 5.4 million for last year
      And Ada reads "This year 6.1 million euros, last year 5.4 million euros."

    @critical
    Scenario: A tool that fails is not passed off as one that worked
      When Ada asks "Does the weather change our sales?"
      Then Ada sees that the weather history failed
      And Ada reads "I could not find weather data, so I cannot tell."

    @normal
    Scenario: A slow tool is waited for
      When Ada asks "Read all our contracts"
      Then Ada reads "All 212 contracts were read."

  Rule: A customer can change their mind

    @critical
    Scenario: Stopped work goes no further
      Given the assistant is working on Ada's question "Read all our contracts"
      When Ada stops the assistant
      Then Ada is told that the work was stopped
      And Ada has no answer to the question

    @normal
    Scenario: What is done cannot be stopped
      Given Ada has asked "Hello"
      When Ada stops the assistant
      Then Ada is told that the work is done already
      And Ada reads "Hello! What can I do for you?"

  Rule: A conversation goes on where it was

    @high
    Scenario: The assistant remembers the conversation
      Given Ada has asked "Hello"
      When Ada asks "What did I ask before?" in the same conversation
      Then Ada's answer speaks of "Hello"

    @high
    Scenario: Another conversation knows nothing of the first
      Given Ada has asked "Hello"
      When Ada asks "What did I ask before?"
      Then Ada's answer does not speak of "Hello"
      And Ada reads one answer
