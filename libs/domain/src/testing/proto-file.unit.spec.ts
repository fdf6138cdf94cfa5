import { parseProto } from './proto-file.ts';

const file = `syntax = "proto3";

// A cup.
message Cup {
  // How much.
  uint32 millilitres = 1;
  // One of: tea, coffee.
  repeated string drink_kinds = 2;
  optional google.protobuf.Timestamp filled_at = 3;
  map<string, string> labels = 4;
  reserved 5;
}

message Empty {}
`;

test('messages and fields are found by their JSON names', () =>
  expect(parseProto(file)).toEqual({
    Cup: {
      millilitres: { label: 'single', type: 'uint32' },
      drinkKinds: { label: 'repeated', type: 'string', words: ['tea', 'coffee'] },
      filledAt: { label: 'optional', type: 'google.protobuf.Timestamp' },
      labels: { label: 'map', type: 'string' },
    },
    Empty: {},
  }));

test.each([
  ['a oneof', 'message A {\n  oneof b {\n    string c = 1;\n  }\n}\n'],
  ['a field with options', 'message A {\n  string b = 1 [deprecated = true];\n}\n'],
  ['a message inside a message', 'message A {\n  message B {}\n}\n'],
  ['a field on the line of its message', 'message A { string b = 1; }\n'],
])('%s is not passed over in silence', (_, text) => expect(() => parseProto(text)).toThrow());
