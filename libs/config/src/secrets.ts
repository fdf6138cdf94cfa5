/** A value as it may be shown: passwords in URLs (`x://u:p@h`, `u:p@h`) and in query strings are masked. */
export function withoutPassword(value: unknown): unknown {
  if (typeof value !== 'string') return value;
  return value
    .replaceAll(/(\w+:\/\/[^:@/\s]*):[^@\s]*@/g, '$1:***@')
    .replace(/^([^/:@\s]+):[^/@\s]+@/, '$1:***@')
    .replaceAll(/([?&;]\w*(?:pass|secret|token|key)\w*=)[^&;\s]*/gi, '$1***');
}

/** A value that was refused, for the message that says so. Whatever might be a misspelt URL with a password in it is left out. */
export function quoted(value: unknown): string {
  const hidden = typeof value === 'object' || (typeof value === 'string' && value.includes('@'));
  return hidden ? '' : ` (it is ${JSON.stringify(value)})`;
}

/** All of a secret that may be told: whether there is one. */
export const masked = (value: unknown): unknown =>
  value === undefined || (typeof value === 'object' && Object.keys(value ?? {}).length === 0) ? null : '(set)';
