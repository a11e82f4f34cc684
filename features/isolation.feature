Feature: What is mine stays mine
  Many customers use the product at the same time. What one of them asks, reads and keeps is nobody else's business:
  for everybody else it does not exist.

  @agents @critical
  Scenario: Another customer's conversation does not exist for me
    Given Ada has a conversation called "Plans for spring"
    And Ben has a conversation called "Invoices"
    When Ben opens Ada's conversation "Plans for spring"
    Then Ben is told that there is no such conversation
    And Ben's conversations are: Invoices
    And Ada's conversations are: Plans for spring

  @agents @critical
  Scenario: A conversation that its owner has just read does not exist for others
    Given Ada has a conversation called "Plans for spring"
    And Ada has looked at the conversation "Plans for spring"
    When Ben opens Ada's conversation "Plans for spring"
    Then Ben is told that there is no such conversation
    And Ada's conversations are: Plans for spring

  @agents @high
  Scenario: What is somebody else's looks like what is not there
    Given Ada has a conversation called "Plans for spring"
    And Ben is signed in
    When Ben opens Ada's conversation "Plans for spring"
    And Chloe opens a conversation that never was
    Then Ben is told exactly what Chloe is told
    And Ada's conversations are: Plans for spring

  @agents @critical
  Scenario: Nobody asks in another customer's conversation
    Given Ada has a conversation called "Plans for spring"
    And Ben is signed in
    When Ben asks "Hello" in Ada's conversation "Plans for spring"
    Then Ben is told that there is no such conversation
    And nothing was said in Ada's conversation "Plans for spring"
    And Ada can ask "Hello" in "Plans for spring"

  @agents @critical
  Scenario: Another customer's question does not exist for me
    Given Ada is signed in and watching
    And Ada has asked "Hello"
    And Ben is signed in
    When Ben looks for Ada's question
    Then Ben is told that there is no such question
    And Ada reads "Hello! What can I do for you?"

  @agents @critical
  Scenario: Nobody stops another customer's work
    Given Ada is signed in and watching
    And the assistant is working on Ada's question "Read all our contracts"
    When Ben tries to stop Ada's assistant
    Then Ben is told that there is no such question
    And Ada reads "All 212 contracts were read."

  @events @critical @golden_path
  Scenario: Everybody sees their own work, and nobody else's
    Given Ada, Ben and Chloe are signed in and watching
    When Ada, Ben and Chloe each ask a question of their own
    Then Ada, Ben and Chloe each read the answer to their own question
    And Ada, Ben and Chloe each saw their own work only

  @events @high
  Scenario: Watching without asking shows nothing of others
    Given Ada, Ben and Chloe are signed in and watching
    When Ada asks "How did our sales do last week?"
    Then Ada reads one answer
    And Ben and Chloe saw nothing
    And Ben can ask "Hello" and see the work

  @database @critical
  Scenario: What is saved is saved under the name of its owner
    Given Ada, Ben and Chloe are signed in and watching
    When Ada, Ben and Chloe each ask a question of their own
    Then Ada, Ben and Chloe each read the answer to their own question
    And Ada, Ben and Chloe each have one saved conversation with their own question and answer
    And what is saved for Ada is not found under the name of Ben

  @auth @high
  Scenario: One customer's sign-out signs nobody else out
    Given Ada, Ben and Chloe are signed in
    When Ada signs out
    Then Ada is asked to sign in
    And Ben is still signed in
    And Chloe is still signed in

  @agents @high
  Scenario: The assistant tells nobody what somebody else has asked
    Given Ada is signed in and watching
    And Ben is signed in and watching
    And Ada has asked "When is the secret launch?"
    When Ben asks "What did I ask before?"
    Then Ben's answer does not speak of "secret launch"
    And Ben reads one answer
