@auth
Feature: Staying signed in
  A sign-in lasts as long as a customer uses it, on every device by itself, and ends the moment the customer says so.

  Rule: A sign-in goes on while it is used, and ends when it is not

    Background:
      Given Ada is signed in

    @critical
    Scenario: A sign-in rests after 15 minutes
      When 16 minutes pass
      Then Ada is asked to sign in

    @high
    Scenario: A customer at work is not interrupted
      When 14 minutes pass
      Then Ada is still signed in

    @critical
    Scenario: A customer carries on after a break without signing in again
      When 16 minutes pass
      And Ada carries on
      Then Ada is still signed in

    @high
    Scenario: A customer can carry on day after day
      When 20 days pass
      And Ada carries on
      And 20 days pass
      And Ada carries on
      Then Ada is still signed in

    @high
    Scenario: A sign-in that nobody used for a month is over
      When 31 days pass
      And Ada carries on
      Then Ada is asked to sign in

    @high
    Scenario: What the customer was told about the time is true
      Then Ada's sign-in rests after as long as Ada was told

  Rule: A copy of a sign-in is worth nothing

    @critical
    Scenario: A sign-in that was copied ends for the thief and for everybody
      Given Ada is signed in
      And Mallory has a copy of Ada's sign-in
      When Ada carries on
      And Mallory carries on with the copy
      Then Mallory is asked to sign in
      And Ada is asked to sign in
      And Ada can no longer carry on

    @high
    Scenario: Another device is not touched when a copy is found out
      Given Ada is signed in on the laptop
      And Ada is signed in on the phone
      When Ada carries on twice from the same point on the laptop
      Then Ada is asked to sign in on the laptop
      And Ada is still signed in on the phone

    @critical
    Scenario Outline: A sign-in that we never gave is refused
      Given Ada is signed in
      When Mallory comes with <what>
      Then Mallory is asked to sign in
      And Ada is still signed in

      Examples:
        | what                                     |
        | a sign-in that Mallory made              |
        | Ada's sign-in with the seal taken off    |
        | Ada's sign-in with Mallory's name in it  |
        | Ada's sign-in with more time written in  |
        | Ada's pass for carrying on               |
        | nothing at all                           |

  Rule: Every device is signed in by itself

    Background:
      Given Ada is signed in on the laptop
      And Ada is signed in on the phone

    @high
    Scenario: A customer sees where the account is in use
      Then Ada's sign-ins are: laptop, phone

    @normal
    Scenario: A customer sees when each device was last used
      When 2 hours pass
      And Ada carries on using the laptop
      Then Ada sees that the laptop was used just now, and the phone 2 hours ago

    @critical
    Scenario: Signing out on one device leaves the other alone
      When Ada signs out on the laptop
      Then Ada is asked to sign in on the laptop
      And Ada is still signed in on the phone
      And Ada's sign-ins are: phone

    @critical
    Scenario: A lost phone is signed out from the laptop
      When Ada ends the sign-in on the phone from the laptop
      Then Ada is asked to sign in on the phone
      And Ada is still signed in on the laptop
      And Ada's sign-ins are: laptop

    @critical
    Scenario: Nobody ends a sign-in of somebody else
      Given Ben is signed in
      When Ben tries to end Ada's sign-in on the phone
      Then Ben is told that there is no such sign-in
      And Ada is still signed in on the phone

  Rule: Signing out is the end

    @critical @golden_path
    Scenario: Signing out ends the sign-in at once
      Given Ada is signed in
      When Ada signs out
      Then Ada is asked to sign in

    @critical
    Scenario: Whoever has signed out cannot carry on
      Given Ada is signed in
      When Ada signs out
      Then Ada can no longer carry on
      And Ada can sign in
