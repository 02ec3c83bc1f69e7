/** The error of a wrong command line. */

/** The command line is wrong: the message is one line that says what, and how it should be. */
export class Misuse extends Error {
  override readonly name = 'Misuse';
}
