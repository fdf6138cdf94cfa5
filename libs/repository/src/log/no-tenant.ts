/** The tag of what belongs to the repository as a whole. */
export const NO_TENANT = '0'.repeat(32);
