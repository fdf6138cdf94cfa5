import { context, trace as otel, TraceFlags } from '@opentelemetry/api';
import { childOf, currentTrace, inContext, newTrace, parseTraceparent, traceparentOf } from './trace.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const SPAN = '00f067aa0ba902b7';

test('a new trace writes a valid traceparent, which reads back the same', () => {
  const trace = newTrace();
  expect(parseTraceparent(traceparentOf(trace))).toEqual(trace);
});

test('a child keeps trace, sampling and tracestate, and has a new span', () => {
  const parent = parseTraceparent(`00-${TRACE}-${SPAN}-00`, 'vendor=1')!;
  const child = childOf(parent);
  expect(child).toEqual({ traceId: TRACE, spanId: expect.stringMatching(/^[0-9a-f]{16}$/), sampled: false, tracestate: 'vendor=1' });
  expect(child.spanId).not.toBe(SPAN);
});

describe('parsing follows the W3C text', () => {
  const cases: [string, string | undefined, boolean | undefined][] = [
    ['sampled', `00-${TRACE}-${SPAN}-01`, true],
    ['not sampled', `00-${TRACE}-${SPAN}-02`, false],
    ['a later version with more behind it', `01-${TRACE}-${SPAN}-01-more`, true],
    ['version 00 with more behind it', `00-${TRACE}-${SPAN}-01-more`, undefined],
    ['version ff', `ff-${TRACE}-${SPAN}-01`, undefined],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`, undefined],
    ['a span id of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`, undefined],
    ['upper case', `00-${TRACE.toUpperCase()}-${SPAN}-01`, undefined],
    ['too short', `00-${TRACE}-01`, undefined],
    ['nothing', undefined, undefined],
  ];
  test.each(cases)('%s', (_, text, sampled) => expect(parseTraceparent(text)?.sampled).toBe(sampled));
  test('a tracestate beyond 512 characters is dropped', () => {
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-01`, 'x'.repeat(513))).not.toHaveProperty('tracestate');
  });
});

test('the current trace is the one we run in, and none outside', () => {
  const trace = newTrace();
  expect(inContext({ trace }, currentTrace)).toEqual(trace);
  expect(currentTrace()).toBeUndefined();
});

test('a span of an OpenTelemetry SDK takes precedence', () => {
  const spanContext = { traceId: TRACE, spanId: SPAN, traceFlags: TraceFlags.SAMPLED };
  const active = otel.setSpanContext(context.active(), spanContext);
  const manager = {
    active: () => active,
    with: () => undefined as never,
    bind: () => undefined as never,
    enable: () => manager,
    disable: () => manager,
  };
  context.setGlobalContextManager(manager);
  expect(inContext({ trace: newTrace() }, currentTrace)).toEqual({ traceId: TRACE, spanId: SPAN, sampled: true });
  context.disable();
});
