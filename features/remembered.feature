@cache
Feature: What is kept at hand
  Some things are kept at hand so that the product is quick: who is signed in, passes, the latest look at a
  conversation. What is kept at hand is never older than the truth, and never stays longer than it should.

  Rule: A sign-in is kept at hand as long as it lasts

    @high
    Scenario: A sign-in is kept for 30 days
      Given Ada is signed in
      Then Ada's sign-in is kept at hand for 30 days

    @high
    Scenario: Carrying on keeps the sign-in for another 30 days
      Given Ada is signed in
      When 20 days pass
      And Ada carries on
      Then Ada's sign-in is kept at hand for 30 days

    @critical
    Scenario: Nothing is kept of a sign-in that has ended
      Given Ada is signed in on the laptop
      And Ada is signed in on the phone
      When Ada signs out on the phone
      Then nothing of Ada's sign-in on the phone is kept at hand
      And Ada's sign-in on the laptop is kept at hand for 30 days

    @high
    Scenario: Nothing is kept of a sign-in that was forgotten
      Given Ada is signed in
      When 31 days pass
      Then nothing of Ada's sign-in is kept at hand

  Rule: A pass is kept at hand for a minute

    @high
    Scenario: A pass is kept for a minute
      Given Ada is signed in
      When Ada asks for a pass for a window
      Then the pass is kept at hand for 1 minute

    @high
    Scenario: Nothing is kept of a pass that was used
      Given Ada is signed in
      And Ada has a pass for a window
      When Ada opens a window with the pass
      Then nothing of the pass is kept at hand
      And Ada's window shows the work

    @high
    Scenario: Nothing is kept of a pass that was not used in time
      Given Ada is signed in
      And Ada has a pass for a window
      When 2 minutes pass
      Then nothing of the pass is kept at hand

  Rule: A quick look is never out of date

    @critical
    Scenario: A new answer is seen at once
      Given Ada is signed in and watching
      And Ada has asked "Hello"
      And Ada has looked at the conversation
      When Ada asks "Plan our launch" in the same conversation
      Then Ada reads one answer
      And Ada finds the question "Plan our launch" with its answer
      And the look that is kept at hand is up to date

    @normal
    Scenario: A second look is quick
      Given Ada is signed in and watching
      And Ada has asked "Hello"
      When Ada looks at the conversation
      Then the look that is kept at hand is up to date
      And Ada finds the question "Hello" with its answer
