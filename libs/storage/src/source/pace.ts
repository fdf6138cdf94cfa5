import { setImmediate as turn } from 'node:timers/promises';

/** An answer that took longer came from a slow disk or a network. */
const SLOW_MS = 10;
/** So many questions are then asked without blocking. */
const PATIENT = 200;
/** Others get their turn after so long. */
const TURN_MS = 5;

/**
 * How a walk asks the system: blocking as long as answers come at once, which takes a fifth of the CPU of asking through the system's threads, and without
 * blocking for a while after one that did not.
 */
export class Pace {
  #patient = 0;
  #turnMs = performance.now();

  ask<T>(blocking: () => T, patient: () => Promise<T>): T | Promise<T> {
    if (this.#patient > 0) {
      this.#patient--;
      return patient();
    }
    const startMs = performance.now();
    try {
      return blocking();
    } finally {
      if (performance.now() - startMs > SLOW_MS) this.#patient = PATIENT;
    }
  }

  /** Undefined, or what to wait for so that others get their turn. */
  breathe(): Promise<void> | undefined {
    if (performance.now() - this.#turnMs < TURN_MS) return undefined;
    return turn().then(() => {
      this.#turnMs = performance.now();
    });
  }
}
