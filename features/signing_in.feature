@auth
Feature: Signing in
  Whoever knows the password gets in. Whoever does not, learns nothing, not even whether there is such an account.

  Rule: The password opens the account, and nothing else does

    Background:
      Given Ada has an account

    @critical @golden_path
    Scenario: The right password lets a customer in
      When Ada signs in
      Then Ada is greeted as Ada

    @critical @golden_path
    Scenario: A wrong password is refused
      When Ada signs in with a wrong password
      Then Ada is told that the email or the password is wrong

    @high
    Scenario Outline: Almost the right password is a wrong password
      When Ada signs in with <what> for a password
      Then Ada is told that the email or the password is wrong

      Examples:
        | what                               |
        | nothing                            |
        | the password in capitals           |
        | the password with a space after it |
        | the first half of the password     |
        | Ada's own email                    |

    @high
    Scenario: The email may be written in capitals
      When Ada signs in with the email in capitals
      Then Ada is greeted as Ada

    @critical
    Scenario: A stranger learns nothing about who has an account
      When Ada signs in with a wrong password
      And Zoe signs in without having an account
      Then Ada is told that the email or the password is wrong
      And Zoe is told exactly what Ada is told

    @high
    Scenario: A customer's password does not open another customer's account
      Given Ben has an account
      When Ben signs in with Ada's password
      Then Ben is told that the email or the password is wrong
      And Ada can sign in

  Rule: Five wrong passwords in a row close the account for 15 minutes

    Background:
      Given Ada has an account

    @critical
    Scenario: Five wrong passwords close the account
      When Ada signs in with a wrong password 5 times
      And Ada signs in
      Then Ada is told to come back in 15 minutes

    @high
    Scenario: Four wrong passwords are forgiven
      When Ada signs in with a wrong password 4 times
      And Ada signs in
      Then Ada is greeted as Ada

    @high
    Scenario: The right password starts the count anew
      Given Ada has signed in after 4 wrong passwords
      When Ada signs in with a wrong password 4 times
      Then Ada can sign in

    @high
    Scenario Outline: A closed account opens by itself after 15 minutes
      Given Ada's account was closed after 5 wrong passwords
      When <time> pass
      Then Ada <can or cannot> sign in

      Examples:
        | time       | can or cannot |
        | 14 minutes | cannot        |
        | 16 minutes | can           |

    @normal
    Scenario: Wrong passwords of long ago are forgotten
      When Ada signs in with a wrong password 4 times
      And 2 days pass
      And Ada signs in with a wrong password
      Then Ada can sign in

    @high
    Scenario: One closed account closes no other
      Given Ben has an account
      When Ada signs in with a wrong password 5 times
      Then Ada cannot sign in
      And Ben can sign in

  Rule: What a customer may do comes with the sign-in

    @high
    Scenario Outline: A customer may do what was agreed, no more and no less
      Given Ada has an account that may: <agreed>
      When Ada signs in
      Then Ada may: <agreed>

      Examples:
        | agreed                              |
        | talk to the assistant               |
        | see the bills                       |
        | talk to the assistant, see the bills |
