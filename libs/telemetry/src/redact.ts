const MASK = '***';

/** Names of fields whose value is never written, however deep they lie. `fencing_token`, `key_id` and `passphrase_file` may be. */
const SECRET_NAME =
  /(pass(word|wd|phrase)|authorization|api[-_]?key|cookie|credentials?|private[-_]?key|master[-_]?key|data[-_]?key|access[-_]?key([-_]?id)?|(access|refresh|session|bearer)[-_]?token|secret\w*)$/i;

/** Secrets that give themselves away inside of text: an API key, an Authorization value, a URL's password. */
const SECRET_TEXT: [RegExp, string][] = [
  [/\bdr_[A-Za-z0-9_-]{43}(?![A-Za-z0-9_-])/g, `dr_${MASK}`],
  [/\b(ApiKey|Bearer|Basic)\s+[^\s"',;]+/gi, `$1 ${MASK}`],
  [/([a-z][a-z0-9+.-]*:\/\/[^\s:@/"'\\]*):[^\s"'\\]*@/gi, `$1:${MASK}@`],
  [/\b((?:PG|BACKUP_|DR_NATS_)?(?:PASSWORD|PASSPHRASE)|AWS_SECRET_ACCESS_KEY|DR_API_KEY)=\S+/g, `$1=${MASK}`],
];

/** `text` without the secrets that can be known by their form. */
export const redactText = (text: string): string => SECRET_TEXT.reduce((at, [pattern, mask]) => at.replace(pattern, mask), text);

/** A JSON value without secrets: fields with a secret's name are masked whole, texts are searched. The value itself is not changed. */
export function redactValue(value: unknown): unknown {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map(redactValue);
  if (typeof value !== 'object' || value === null) return value;
  const fields = Object.entries(value).map(([name, inner]) => [name, masked(name, inner)]);
  return Object.fromEntries(fields);
}

const masked = (name: string, value: unknown): unknown =>
  SECRET_NAME.test(name) && value !== null && value !== undefined ? MASK : redactValue(value);

/** One line of JSON log without secrets. Works on what is about to be written, so nothing gets round it: messages, stacks, bindings. */
export function redactLine(line: string): string {
  try {
    return `${JSON.stringify(redactValue(JSON.parse(line)))}\n`;
  } catch {
    return redactText(line);
  }
}
