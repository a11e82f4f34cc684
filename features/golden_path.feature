@golden_path @critical
Feature: The Golden Path
  What every customer does, from the first minute to the last: sign in, ask, watch the assistant at work, and find
  everything saved the next day.

  @auth @events @agents @database
  Scenario: From signing in to finding everything saved
    Given Ada is signed in and watching
    When Ada asks "How did our sales do last week?"
    Then Ada sees every kind of step: start, thought, tool at work, tool done, answer
    And Ada reads one answer
    When Ada signs out and signs in again
    Then Ada finds the question "How did our sales do last week?" with its answer
    And Ada's question is saved with its answer

  @auth
  Scenario: A customer signs in
    Given Ada has an account
    When Ada signs in
    Then Ada is greeted as Ada
    And Ada may: talk to the assistant

  @agents
  Scenario: A question gets one answer
    Given Ada is signed in and watching
    When Ada asks "What is new?"
    Then Ada reads one answer

  @events
  Scenario: The work can be watched from start to end
    Given Ada is signed in and watching
    When Ada asks "How did our sales do last week?"
    Then Ada has seen every step of the work once, in order

  @database
  Scenario: The answer is there the next day
    Given Ada is signed in
    And Ada has asked "What is new?"
    When 1 day passes
    And Ada signs in
    Then Ada's question is saved with its answer
    And Ada finds the question "What is new?" with its answer
