/**
 * What each service may say and hear on the embedded NATS server. Deny by default: a subject that is not here is refused by the server.
 * A new service gets a line of its own; a service without a line may only answer for its health.
 *
 *   dr.events.>     the log's copies          dr.jobs.<kind>   triggers of jobs          dr.dead.>   jobs that were given up
 *   dr.nudge.*      "there is something new"  dr.query.>       questions to the catalog  dr.health.<service>  its health
 *   dr.progress.>   progress of operations    $JS.…            JetStream's own API       _INBOX.>    replies
 */
export interface Permissions {
  publish: string[];
  subscribe: string[];
}

/** Reading stream and consumer facts; used by the check for a drifted topology too. */
const lookAtStreams = ['$JS.API.INFO', '$JS.API.STREAM.INFO.*', '$JS.API.STREAM.NAMES', '$JS.API.CONSUMER.INFO.*.*'];

/** Creating and changing streams and consumers. */
const declareStreams = [
  '$JS.API.STREAM.CREATE.*',
  '$JS.API.STREAM.UPDATE.*',
  '$JS.API.CONSUMER.CREATE.>',
  '$JS.API.CONSUMER.DURABLE.CREATE.>',
];

/** Taking messages of one stream and acknowledging them. */
const consume = (stream: string): string[] => [`$JS.API.CONSUMER.MSG.NEXT.${stream}.*`, `$JS.ACK.${stream}.>`];

const worker: Permissions = {
  publish: [
    ...lookAtStreams,
    ...declareStreams,
    ...consume('DR_JOBS'),
    'dr.jobs.>',
    'dr.dead.>',
    'dr.nudge.>',
    'dr.progress.>',
    'dr.query.>',
    'dr.health.>',
  ],
  subscribe: ['dr.nudge.>', 'dr.cancel.>'],
};

const table: Record<string, Permissions> = {
  gateway: {
    publish: [
      ...lookAtStreams,
      'dr.nudge.>',
      'dr.query.>',
      'dr.health.>',
      'dr.jobs.>',
      'dr.cancel.>',
      '$JS.API.CONSUMER.CREATE.DR_EVENTS.>',
      ...consume('DR_EVENTS'),
    ],
    subscribe: ['dr.nudge.>', 'dr.progress.>', 'dr.events.>'],
  },
  catalog: {
    publish: [
      ...lookAtStreams,
      ...declareStreams,
      'dr.events.>',
      'dr.jobs.>',
      'dr.dead.>',
      'dr.nudge.>',
      'dr.cancel.>',
      ...consume('DR_EVENTS'),
      ...consume('DR_JOBS'),
    ],
    subscribe: ['dr.nudge.>', 'dr.query.>', 'dr.progress.>'],
  },
  archiver: worker,
  restorer: worker,
};

/** @returns the rights of `service`, its own health and replies included. */
export function permissionsOf(service: string): Permissions {
  const { publish, subscribe } = table[service] ?? { publish: [], subscribe: [] };
  return {
    publish: [...publish, '_INBOX.>'],
    subscribe: [...subscribe, `dr.health.${service}`, '_INBOX.>'],
  };
}
