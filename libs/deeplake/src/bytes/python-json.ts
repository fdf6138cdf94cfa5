/** JSON text as Python's `json.dumps` writes it: a space after ',' and ':', everything beyond ASCII escaped. Deep Lake's files compare equal then. */
export function pythonJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return escaped(JSON.stringify(value));
  const fields = Object.entries(value).filter(([, v]) => v !== undefined);
  return `{${fields.map(([key, v]) => `${escaped(JSON.stringify(key))}: ${pythonJson(v)}`).join(', ')}}`;
}

function escaped(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
