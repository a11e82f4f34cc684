@auth
Feature: Signing in through a company
  Customers of a company use the company's own sign-in page, and programs of a company come on their own behalf. What
  travels between the two pages is of no use to anybody who catches it.

  Rule: The company's sign-in page is as good as ours

    @critical
    Scenario: A customer signs in through the company
      Given Ada's company has a sign-in page
      When Ada signs in through the company
      Then Ada is greeted as Ada
      And Ada is still signed in

    @high
    Scenario: A wrong password is refused at the company as well
      Given Ada's company has a sign-in page
      When Ada signs in through the company with a wrong password
      Then Ada is told that the email or the password is wrong

    @high
    Scenario: A customer comes back to the page where the sign-in began
      Given Ada's company has a sign-in page
      When Ada signs in at the company
      Then Ada comes back to the page where the sign-in began

  Rule: What is caught on the way back is of no use

    Background:
      Given Ada's company has a sign-in page
      And Ada has signed in at the company and is on the way back

    @critical
    Scenario: A thief who catches the way back cannot use it
      When Mallory uses Ada's way back
      Then Mallory is turned away

    @critical
    Scenario: A way back that is used twice ends the sign-in that it began
      When Ada comes back from the company
      And Ada's way back is used once more
      Then Ada is asked to sign in

    @high
    Scenario: A way back is good for a minute
      When 2 minutes pass
      And Ada comes back from the company
      Then Ada is turned away

    @high
    Scenario: A way back leads to the page that was agreed, and to no other
      When Ada's way back is used for another page
      Then Ada is turned away

  Rule: Only pages that were agreed may ask

    @critical
    Scenario Outline: A page that was not agreed gets nobody signed in
      Given Ada's company has a sign-in page
      When <who> asks the company to sign Ada in
      Then Ada is turned away

      Examples:
        | who                                |
        | a page at another address          |
        | a program that nobody knows        |
        | a page that does not seal its question |

  Rule: A program comes on its own behalf

    @high
    Scenario: The nightly report may do what was agreed
      Given the nightly report may: read reports, send mail
      When the nightly report signs in for: read reports
      Then the nightly report may now: read reports

    @critical
    Scenario: A program with a wrong key is refused
      Given the nightly report may: read reports
      When the nightly report signs in with a wrong key
      Then the nightly report is turned away

    @critical
    Scenario: A program gets no more than was agreed
      Given the nightly report may: read reports
      When the nightly report signs in for: read reports, delete accounts
      Then the nightly report is turned away

    @high
    Scenario: A program is not a customer
      Given the nightly report may: read reports
      When the nightly report signs in for: read reports
      Then the nightly report is not greeted as a customer
