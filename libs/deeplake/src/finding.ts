/** The layouts that a data set can have. 'opaque': kept byte for byte, structure not checked. Source: DEEPLAKE.md section 4.2. */
export type DatasetFormat = 'v3' | 'v4' | 'opaque';

/** error: something a reader of a live version needs is missing or wrong. warning: only old versions suffer, or we cannot judge. info: worth knowing. */
export type Severity = 'error' | 'warning' | 'info';

/** One observation of a structure check. v3 and v4 reuse the letters, so a code means nothing without its format. */
export interface Finding {
  readonly format: DatasetFormat;
  /** Code of the check in DEEPLAKE.md section 4.1 or DEEPLAKE_V4.md section 7.3, such as 'T6'; 'X1' for an unchecked layout. */
  readonly code: string;
  readonly severity: Severity;
  /** Path below the data set, or '' for the whole set. */
  readonly path: string;
  readonly message: string;
}
