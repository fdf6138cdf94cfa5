export interface InspectOptions {
  /** Read and decode the data as well (v3 C6, v4 D4): costs a full read. */
  readonly deep?: boolean;
  /** A gap in v4's commit numbers was seen at the quiet source too, so it is no damage of this copy (T5 becomes a warning). */
  readonly gapsAtSource?: boolean;
}
