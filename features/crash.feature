@agents
Feature: When the assistant breaks down
  Things break. What a customer was told and what was saved before stays true, and nobody waits for ever.

  Background:
    Given Ada is signed in and watching

  @critical
  Scenario: Work that was cut short is said to be cut short
    Given the assistant is working on Ada's question "Read all our contracts"
    When the assistant breaks down and comes back
    Then Ada is told that the work was cut short
    And Ada has no answer to the question

  @critical @database
  Scenario: What was saved before is still there
    Given Ada has asked "Hello"
    When the assistant breaks down and comes back
    Then Ada finds the question "Hello" with its answer
    And Ada's question is saved with its answer

  @high @database
  Scenario: Work that was cut short is saved as cut short
    Given the assistant is working on Ada's question "Read all our contracts"
    When the assistant breaks down and comes back
    Then Ada is told that the work was cut short
    And Ada's question is saved as given up, without an answer

  @high
  Scenario: The assistant answers again once it is back
    When the assistant breaks down and comes back
    And Ada asks "Hello"
    Then Ada reads "Hello! What can I do for you?"

  @high @events
  Scenario: Work that was cut short is seen to end
    Given the assistant is working on Ada's question "Read all our contracts"
    When the assistant breaks down and comes back
    Then Ada has seen every step of the work once, in order
    And Ada sees every tool start and then end, all before the work ends
    And Ada sees one end, and nothing after it

  @normal @auth
  Scenario: A breakdown of the assistant signs nobody out
    When the assistant breaks down and comes back
    Then Ada is still signed in
    And Ada can ask "Hello" and see the work
