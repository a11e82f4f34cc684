Feature: Many things at the same time
  Two windows, two questions, fifty customers: the more goes on, the less may get mixed up.

  @events @high
  Scenario: Two windows of one customer show the same
    Given Ada is signed in and watching
    And Ada has a second window
    When Ada asks "Plan our launch"
    Then Ada has seen every step of the work once, in order
    And Ada's second window shows the same as the first

  @events @normal
  Scenario: Closing one window leaves the other open
    Given Ada is signed in and watching
    And Ada has a second window
    When Ada closes the second window
    And Ada asks "Hello"
    Then Ada has seen every step of the work once, in order

  @events @normal
  Scenario: A question asked in the window is a question like any other
    Given Ada is signed in and watching
    When Ada asks "Hello" in the window
    Then Ada has seen every step of the work once, in order
    And Ada reads "Hello! What can I do for you?"

  @events @agents @normal
  Scenario: A question asked in the window stays in its conversation
    Given Ada is signed in and watching
    And Ada has asked "Hello"
    When Ada asks "What did I ask before?" in the window, in the same conversation
    Then Ada's answer speaks of "Hello"

  @agents @high
  Scenario: Two questions in one conversation are both answered
    Given Ada is signed in and watching
    And Ada has a conversation called "Plans for spring"
    When Ada asks these questions at once in "Plans for spring":
      | Hello                           |
      | How did our sales do last week? |
    Then Ada reads one answer to each of the 2 questions
    And each question in "Plans for spring" has its own answer

  @events @high
  Scenario: Two questions at once tell two stories
    Given Ada is signed in and watching
    When Ada asks these questions at once:
      | Plan our launch                            |
      | Compare this year's sales with last year's |
    Then Ada has seen every step of each of the 2 questions once, in order

  @agents @events @critical
  Scenario: Fifty customers at once each get their own answer
    Given 50 customers are signed in and watching
    When each of the customers asks a question of their own
    Then each of the customers reads the answer to their own question
    And each of the customers saw their own work only

  @agents @high
  Scenario: Stopping one question leaves the others at work
    Given Ada is signed in and watching
    And the assistant is working on Ada's question "Read all our contracts"
    And the assistant is working on Ada's question "How did our sales do last week?"
    When Ada stops the assistant at the question "Read all our contracts"
    Then Ada's question "Read all our contracts" was stopped
    And Ada's question "How did our sales do last week?" is answered

  @agents @high
  Scenario: One customer's stop stops nobody else
    Given Ada, Ben and Chloe are signed in and watching
    And the assistant is working on the question "Read all our contracts" of Ada, Ben and Chloe
    When Ben stops the assistant
    Then Ben is told that the work was stopped
    And Ada reads "All 212 contracts were read."
    And Chloe reads "All 212 contracts were read."
