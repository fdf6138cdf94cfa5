/** Something that keeps the local house from starting; its message is for the person at the terminal and ends with what to do. */
export class StartError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'StartError';
    this.code = code;
  }
}
