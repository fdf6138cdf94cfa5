import { type Compress, PLANE_WIDTHS, type PlaneWidth, splitPlanes } from './planes.ts';

/** How a piece is split: by elements of so many bytes, and the planes that are worth compressing (bit p: plane p). */
export interface PlaneChoice {
  readonly width: PlaneWidth;
  readonly mask: number;
}

/** Planes must promise to save so much of a piece more than bytes in their own order, before they are tried on the sample. */
const PROMISE = 0.02;
/** On the sample they must come below this share of what the sample takes otherwise. */
const WORTH = 0.985;
/** A wider element must save so much more than a narrower one. */
const WIDER = 0.01;
/** A plane of the sample that does not come below this share is left as it is. */
const PLANE_SHRINK = 0.95;

/**
 * Decides from a sample whether a piece is stored in planes. Order-0 entropies of the bytes at each place of an element (some 50 us) tell most pieces of
 * text, images and noise apart from numbers; what promises something is tried. The last answer is kept: the pieces of a file mostly look alike.
 */
export class PlaneChooser {
  readonly #compress: Compress;
  readonly #counts = new Uint32Array(8 * 256);
  #last: { key: string; choice: PlaneChoice | undefined } | undefined;

  constructor(compress: Compress) {
    this.#compress = compress;
  }

  /** @param sample a multiple of 8 bytes, from places that are multiples of 8. @param otherwise bytes that the sample takes without planes. */
  choose(sample: Uint8Array, otherwise: () => number): PlaneChoice | undefined {
    const promise = this.#promise(sample);
    if (!promise) return undefined;
    const key = `${promise.width} ${Math.round(promise.share * 50)}`;
    if (this.#last?.key !== key) this.#last = { key, choice: this.#tried(sample, promise.width, otherwise()) };
    return this.#last.choice;
  }

  #tried(sample: Uint8Array, width: PlaneWidth, otherwise: number): PlaneChoice | undefined {
    const planes = splitPlanes(sample, width);
    const sizes = planes.map((plane) => this.#compress(plane).length);
    const shrinks = sizes.map((size, p) => size < planes[p]!.length * PLANE_SHRINK);
    const total = sizes.reduce((sum, size, p) => sum + (shrinks[p] ? size : planes[p]!.length), 0);
    if (total > otherwise * WORTH) return undefined;
    return { width, mask: shrinks.reduce((bits, yes, p) => (yes ? bits | (1 << p) : bits), 0) };
  }

  /** The narrowest width whose planes have clearly less entropy than the bytes together, and their share of the sample. */
  #promise(sample: Uint8Array): { width: PlaneWidth; share: number } | undefined {
    this.#count(sample);
    let [best, share] = [undefined as PlaneWidth | undefined, this.#share(1) - PROMISE + WIDER];
    for (const width of PLANE_WIDTHS) {
      const mine = this.#share(width);
      if (mine < share - WIDER) [best, share] = [width, mine];
    }
    return best && { width: best, share };
  }

  /** Counts the byte values at each of 8 places. */
  #count(sample: Uint8Array): void {
    const counts = this.#counts.fill(0);
    for (let i = 0; i < sample.length; i++) counts[((i & 7) << 8) | sample[i]!]!++;
  }

  /** Mean entropy of the planes of a width, as a share of 8 bits. */
  #share(width: number): number {
    let bits = 0;
    for (let p = 0; p < width; p++) bits += this.#entropy(p, width);
    return bits / width / 8;
  }

  #entropy(first: number, step: number): number {
    let [sum, weighted] = [0, 0];
    for (let value = 0; value < 256; value++) {
      let count = 0;
      for (let place = first; place < 8; place += step) count += this.#counts[(place << 8) | value]!;
      sum += count;
      if (count > 0) weighted += count * Math.log2(count);
    }
    return sum === 0 ? 8 : Math.log2(sum) - weighted / sum;
  }
}
