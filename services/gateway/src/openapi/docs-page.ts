import type { JsonSchema, OpenApiDocument, Operation } from './openapi-document.ts';

const html = (text: unknown): string =>
  String(text).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const STYLE = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1d2733}
h1{font-size:1.6rem}h2{margin-top:2.5rem;border-bottom:1px solid #ccd}code,pre{font:.9em ui-monospace,monospace}
details{border:1px solid #dde;border-radius:6px;margin:.5rem 0;padding:.4rem .8rem}summary{cursor:pointer}
.verb{display:inline-block;min-width:4.2em;font-weight:700}table{border-collapse:collapse;width:100%}
td,th{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-top:1px solid #eef}pre{background:#f5f7fa;padding:.6rem;overflow:auto}`;

/** The OpenAPI document for people: one page of HTML without scripts and without anything from elsewhere. */
export function docsPage({ info, paths, components }: OpenApiDocument): string {
  const { title, version, description } = info as Record<string, string>;
  const operations = Object.entries(paths).flatMap(([path, verbs]) => Object.entries(verbs).map(([verb, o]) => ({ path, verb, o })));
  const tags = [...new Set(operations.map(({ o }) => String((o['tags'] as string[])[0])))];
  const sections = tags.map((tag) => {
    const own = operations.filter(({ o }) => (o['tags'] as string[])[0] === tag);
    return `<h2>${html(tag)}</h2>${own.map(({ path, verb, o }) => operationShown(path, verb, o)).join('')}`;
  });
  const schemas = Object.entries(components.schemas).map(
    ([name, schema]) => `<details id="${html(name)}"><summary><code>${html(name)}</code></summary>${schemaShown(schema)}</details>`,
  );
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${html(title)} API</title><style>${STYLE}</style></head>
<body><h1>${html(title)} API ${html(version)}</h1><p>${html(description)}</p>
<p>Send <code>Authorization: ApiKey &lt;key&gt;</code>. For programs: <a href="/api/v1/openapi.json">openapi.json</a> (OpenAPI 3.1).</p>
${sections.join('\n')}<h2>Schemas</h2>${schemas.join('')}</body></html>`;
}

function operationShown(path: string, verb: string, operation: Operation): string {
  const { summary, description, parameters, requestBody, responses } = operation;
  const scope = operation['x-scope'] === undefined ? 'no key' : `scope <code>${html(operation['x-scope'])}</code>`;
  const body = requestBody && `<h4>Body</h4>${schemaShown(requestBody.content['application/json']!.schema)}`;
  return `<details id="${html(operation.operationId)}"><summary><span class="verb">${html(verb.toUpperCase())}</span>
<code>${html(path)}</code> ${html(summary)}</summary><p>${html(description ?? '')} Needs ${scope}.</p>
${parametersShown(parameters)}${body ?? ''}<h4>Replies</h4><table>${Object.entries(responses).map(responseShown).join('')}</table></details>`;
}

function parametersShown(parameters: Operation['parameters']): string {
  const shown = parameters.map(
    ({ name, in: where, required, schema }) =>
      `<tr><td><code>${html(name)}</code></td><td>${where}${required ? ', required' : ''}</td><td>${inline(schema)}</td></tr>`,
  );
  return shown.length === 0 ? '' : `<h4>Parameters</h4><table>${shown.join('')}</table>`;
}

function responseShown([status, { description, content = {} }]: [string, Operation['responses'][string]]): string {
  const [[type = '', media] = []] = Object.entries(content);
  const shape = type === 'application/problem+json' ? '' : `${html(type)} ${inline(media?.schema ?? {})}`;
  return `<tr><td>${status}</td><td>${html(description)}</td><td>${shape}</td></tr>`;
}

const inline = (schema: JsonSchema): string => {
  const reference = /^#\/components\/schemas\/(.+)$/.exec(String(schema['$ref'] ?? ''))?.[1];
  return reference ? `<a href="#${html(reference)}">${html(reference)}</a>` : `<code>${html(JSON.stringify(schema))}</code>`;
};

const schemaShown = (schema: JsonSchema): string =>
  schema['$ref'] === undefined ? `<pre>${html(JSON.stringify(schema, null, 2))}</pre>` : `<p>${inline(schema)}</p>`;
