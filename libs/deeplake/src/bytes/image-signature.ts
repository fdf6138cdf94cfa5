/** First bytes that the encoders of Deep Lake's image compressions write. Others (raw, video, point clouds) are not judged. */
const SIGNATURES: Readonly<Record<string, readonly number[]>> = {
  jpeg: [0xff, 0xd8, 0xff],
  jpg: [0xff, 0xd8, 0xff],
  png: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a],
};

/** Does a stored sample begin as its compression says? True when that is not known. */
export function hasSignature(compression: string | undefined, sample: Uint8Array): boolean {
  const wanted = compression !== undefined && Object.hasOwn(SIGNATURES, compression) ? SIGNATURES[compression]! : [];
  return wanted.every((byte, i) => sample[i] === byte);
}
