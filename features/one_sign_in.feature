@auth @events @agents
Feature: One sign-in for the whole product
  A customer signs in once, and every part of the product knows the customer. When the sign-in has ended, every part
  of the product knows that, too.

  @critical @golden_path
  Scenario: Every part of the product knows who is signed in
    Given Ada has an account
    When Ada signs in
    Then every part of the product knows Ada

  @critical
  Scenario: After signing out no part of the product lets the customer in
    Given Ada has used every part of the product
    When Ada signs out
    Then every part of the product asks Ada to sign in

  @critical
  Scenario: A sign-in that rests is refused by every part of the product
    Given Ada has used every part of the product
    When 16 minutes pass
    Then every part of the product asks Ada to sign in

  @critical
  Scenario Outline: A sign-in that we never gave is refused by every part of the product
    Given Ada is signed in
    When Mallory comes with <what>
    Then every part of the product asks Mallory to sign in
    And every part of the product knows Ada

    Examples:
      | what                                    |
      | a sign-in that Mallory made             |
      | Ada's sign-in with the seal taken off   |
      | Ada's sign-in with Mallory's name in it |

  @critical
  Scenario: A sign-in ended from another device is refused everywhere
    Given Ada is signed in on the laptop
    And Ada has used every part of the product on the phone
    When Ada ends the sign-in on the phone from the laptop
    Then every part of the product asks Ada to sign in on the phone
    And every part of the product knows Ada on the laptop

  @high
  Scenario: A sign-in through the company is good in every part of the product
    Given Ada's company has a sign-in page
    When Ada signs in through the company
    Then every part of the product knows Ada
