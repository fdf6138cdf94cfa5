import { obtain, release } from './release.ts';

/** What stands behind a record's header, in parts that lie wherever they were made: joining them would copy every byte once more. */
export class Payload {
  /** In their order in the record. */
  readonly parts: readonly Uint8Array[];
  /** Bytes of all parts. */
  readonly length: number;
  readonly #own: readonly Uint8Array[];

  /** @param own memory that nobody else holds. */
  constructor(parts: readonly Uint8Array[], own: readonly Uint8Array[] = []) {
    this.parts = parts;
    this.length = parts.reduce((sum, part) => sum + part.length, 0);
    this.#own = own;
  }

  /** The same, which from now on holds `bytes` as well: some part may lie in them. */
  holding(bytes: Uint8Array): Payload {
    return new Payload(this.parts, [...this.#own, bytes]);
  }

  /** Gives its own memory back; parts that lay in it are empty then. */
  release(): void {
    for (const bytes of this.#own) release(bytes);
  }
}

/** One part, which nobody else holds. */
export const owned = (bytes: Uint8Array): Payload => new Payload([bytes], [bytes]);

/** All parts in one buffer that nobody else holds. */
export function joined(parts: readonly Uint8Array[]): Buffer {
  const whole = obtain(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
