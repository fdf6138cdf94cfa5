export interface KnownRoute {
  readonly method: string;
  /** As Fastify has it: `/api/v1/backups/:id`. */
  readonly url: string;
}

/** Remembers which routes there are, so that a wrong method can be told from a wrong path. */
export class KnownRoutes {
  private readonly routes: { method: string; steps: readonly string[] }[] = [];

  add({ method, url }: { method: string | string[]; url: string }): void {
    for (const one of [method].flat()) this.routes.push({ method: one, steps: stepsOf(url) });
  }

  /** The methods that the path of this URL has, in the order of the alphabet; empty: there is no such path. */
  methodsOf(url: string): string[] {
    const steps = stepsOf(url.split('?', 1)[0]!);
    const fits = (pattern: readonly string[]) => pattern.length === steps.length && pattern.every((step, i) => stepFits(step, steps[i]!));
    return [...new Set(this.routes.filter((r) => fits(r.steps)).map((r) => r.method))].sort();
  }
}

const stepsOf = (url: string): string[] => url.split('/').slice(1);
const stepFits = (pattern: string, step: string): boolean => (pattern.startsWith(':') ? step !== '' : pattern === step);
