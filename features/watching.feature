@events
Feature: Watching the assistant
  A customer who watches sees the assistant start, think, use its tools and answer, while it happens: every
  step of their own work once, in order, and nothing of anybody else's.

  Rule: The steps of the work tell a true story

    Background:
      Given Ada is signed in and watching

    @critical @golden_path
    Scenario Outline: A customer sees each kind of step
      When Ada asks "How did our sales do last week?"
      Then Ada sees <step>

      Examples:
        | step                        |
        | that the assistant started  |
        | a thought of the assistant  |
        | a tool at work              |
        | a tool that is done         |
        | the answer                  |

    @critical
    Scenario Outline: Every step is seen once, in order, whatever the question needs
      When Ada asks "<question>"
      Then Ada has seen every step of the work once, in order

      Examples:
        | question                                   |
        | Hello                                      |
        | Plan our launch                            |
        | Compare this year's sales with last year's |
        | Does the weather change our sales?         |
        | Solve the unsolvable riddle                |

    @critical
    Scenario: The start comes first, and once
      When Ada asks "Plan our launch"
      Then Ada sees that the assistant started before anything else, once

    @high
    Scenario: The assistant thinks before it answers
      When Ada asks "Hello"
      Then Ada sees a thought before the end

    @critical
    Scenario Outline: Every tool that starts is seen to end before the answer
      When Ada asks "<question>"
      Then Ada sees every tool start and then end, all before the work ends

      Examples:
        | question                                   |
        | How did our sales do last week?            |
        | Compare this year's sales with last year's |
        | Does the weather change our sales?         |

    @critical
    Scenario: The end is the end
      When Ada asks "How did our sales do last week?"
      Then Ada sees one end, and nothing after it

    @high
    Scenario: Two questions are not mixed up
      Given Ada has asked "Hello"
      When Ada asks "Plan our launch"
      Then Ada has seen every step of the work once, in order
      And every step that Ada sees belongs to one question, one conversation and Ada

    @normal
    Scenario: The clock of the steps never goes back
      When Ada asks "Plan our launch"
      Then the times of the steps that Ada sees never go back

    @normal
    Scenario: The times of the steps are the times of the day
      When 3 hours pass
      And Ada carries on
      And Ada asks "Hello"
      Then the times of the steps that Ada sees are of this minute

    @high
    Scenario: A stopped tool is seen to end
      Given the assistant is working on Ada's question "Read all our contracts"
      When Ada stops the assistant
      Then Ada sees every tool start and then end, all before the work ends

  Rule: Coming back shows what was missed, and nothing else

    Background:
      Given Ada is signed in and watching

    @critical @golden_path
    Scenario: A lost connection loses nothing
      When Ada asks "How did our sales do last week?"
      And Ada's connection drops once the assistant has started
      And Ada comes back
      Then Ada has seen every step of the work once, in order

    @high
    Scenario: Coming back after the end brings what was missed, once
      When Ada asks "How did our sales do last week?"
      And Ada's connection drops once the assistant has started
      And Ada comes back when the work is done
      Then Ada has seen every step of the work once, in order

    @high
    Scenario: Coming back twice brings nothing twice
      When Ada asks "Plan our launch"
      And Ada's connection drops once the assistant has started
      And Ada comes back
      And Ada's connection drops and Ada comes back
      Then Ada has seen every step of the work once, in order

    @high
    Scenario: Coming back brings the same question, not another
      Given Ada has asked "How did our sales do last week?"
      When Ada asks "Read all our contracts"
      And Ada's connection drops once the assistant has started
      And Ada comes back when the work is done
      Then Ada has seen every step of the work once, in order

    @critical
    Scenario: Nobody comes back to somebody else's question
      Given Ben is signed in
      And Ada has asked "Hello"
      When Ben tries to come back to Ada's question
      Then Ben is told that there is no such question
      And Ada reads "Hello! What can I do for you?"

  Rule: Only those who are signed in may watch

    @critical
    Scenario: A stranger sees nothing
      Given Ada is signed in and watching
      When Mallory tries to watch with a sign-in that Mallory made
      Then Mallory is asked to sign in

    @critical
    Scenario: The window closes when the sign-in ends
      Given Ada is signed in and watching
      When Ada signs out
      Then Ada's window is closed because the sign-in ended

    @high
    Scenario: Windows of another device stay open
      Given Ada is signed in on the laptop
      And Ada is signed in on the phone
      And Ada is watching on the laptop and on the phone
      When Ada signs out on the phone
      Then Ada's window on the phone is closed because the sign-in ended
      And Ada's window on the laptop still shows the work

  Rule: A pass opens one window, once, within a minute

    Background:
      Given Ada is signed in
      And Ada has a pass for a window

    @high
    Scenario: A pass opens a window
      When Ada opens a window with the pass
      And Ada asks "Hello"
      Then Ada has seen every step of the work once, in order

    @critical
    Scenario: A pass opens a window on its owner's work only
      Given Ben is signed in and watching
      When Ada opens a window with the pass
      And Ada asks "Hello"
      Then Ada has seen every step of the work once, in order
      And Ben saw nothing

    @critical
    Scenario: A pass opens no second window
      When Ada opens a window with the pass
      And Mallory opens a window with Ada's pass
      Then Mallory is asked to sign in

    @high
    Scenario: A pass is good for a minute
      When 2 minutes pass
      And Ada opens a window with the pass
      Then Ada is turned away from the window

    @high
    Scenario: A pass ends with the sign-in
      When Ada signs out
      And Ada opens a window with the pass
      Then Ada is turned away from the window
