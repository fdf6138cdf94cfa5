import { KnownRoutes } from './known-routes.ts';

const known = new KnownRoutes();
known.add({ method: 'POST', url: '/api/v1/backups' });
known.add({ method: ['GET', 'HEAD'], url: '/api/v1/backups' });
known.add({ method: 'GET', url: '/api/v1/backups/:id' });
known.add({ method: 'DELETE', url: '/api/v1/backups/:id/holds/:name' });

test.each([
  ['/api/v1/backups', ['GET', 'HEAD', 'POST']],
  ['/api/v1/backups?limit=1', ['GET', 'HEAD', 'POST']],
  ['/api/v1/backups/b1', ['GET']],
  ['/api/v1/backups/b1/holds/h', ['DELETE']],
  ['/api/v1/backups/b1/holds', []],
  ['/api/v1/backups/', []],
  ['/', []],
  ['*', []],
])('%s has %j', (url, methods) => expect(known.methodsOf(url)).toEqual(methods));
