/** What leaf nodes may say and what they may not, for our parser and for a real nats-server. Byte strings. */

/** What a handler is told, bodies as byte strings. */
export type LeafEvent = readonly [call: string, ...fields: unknown[]]

export const UNDERSTOOD: readonly (readonly [text: string, ...events: LeafEvent[]])[] = [
  ['PING\r\nPONG\r\nping\nPoNg\n', ['ping'], ['pong'], ['ping'], ['pong']],
  ['PING and more\r\n+OK\r\n+ok whatever\nPONG!\r\n', ['ping'], ['pong']],
  [
    "-ERR 'x y'\r\n-err z\n-ERR ''\r\n-ERR 'it''s\r\n",
    ['error', 'x y'],
    ['error', 'z'],
    ['error', ''],
    ['error', "'it''s"],
  ],
  [
    'LS+ a\r\nLS+ a.* q 2\r\nls+\t>  q \t 10 \n',
    ['interest', 'a', '', 1],
    ['interest', 'a.*', 'q', 2],
    ['interest', '>', 'q', 10],
  ],
  [
    'LS+ a q 0\r\nLS+ a q x\r\nLS+ a q 1234567890\r\n',
    ['interest', 'a', 'q', 1],
    ['interest', 'a', 'q', 1],
    ['interest', 'a', 'q', 1],
  ],
  [
    'LS- a\r\nLS- a.* q\r\nlS-\t>  q \n',
    ['no interest', 'a', ''],
    ['no interest', 'a.*', 'q'],
    ['no interest', '>', 'q'],
  ],
  ['LS-  \r\nLS- a q 1\r\nPING\r\n', ['ping']],
  ['LMSG a 5\r\nhello\r\n', ['message', 'a', '', [], 'hello', 0]],
  ['LMSG a r 2\r\nhi\r\n', ['message', 'a', 'r', [], 'hi', 0]],
  ['lmsg\ta \t r  2 \nhi\r\n', ['message', 'a', 'r', [], 'hi', 0]],
  [
    'LMSG a 0\r\n\r\nLMSG a 000000004\r\n\r\n\r\n\r\n',
    ['message', 'a', '', [], '', 0],
    ['message', 'a', '', [], '\r\n\r\n', 0],
  ],
  ['LMSG a | q 1\r\nx\r\n', ['message', 'a', '', ['q'], 'x', 0]],
  ['LMSG a | q q2 q 1\r\nx\r\n', ['message', 'a', '', ['q', 'q2', 'q'], 'x', 0]],
  ['LMSG a + r q 1\r\nx\r\n', ['message', 'a', 'r', ['q'], 'x', 0]],
  ['LMSG a + r q q2 1\r\nx\r\n', ['message', 'a', 'r', ['q', 'q2'], 'x', 0]],
  ['LMSG a + r 1\r\nx\r\n', ['message', 'a', 'r', [], 'x', 0]],
  ['LMSG a + + + 1\r\nx\r\n', ['message', 'a', '+', ['+'], 'x', 0]],
  // Only in front of more names are these signs; alone they are replies, odd as they are.
  ['LMSG a + 1\r\nx\r\nLMSG a | 1\r\ny\r\n', ['message', 'a', '+', [], 'x', 0], ['message', 'a', '|', [], 'y', 0]],
  ['HMSG a 12 13\r\nNATS/1.0\r\n\r\nx\r\n', ['message', 'a', '', [], 'NATS/1.0\r\n\r\nx', 12]],
  ['hmsg a r 12 12\nNATS/1.0\r\n\r\n\r\n', ['message', 'a', 'r', [], 'NATS/1.0\r\n\r\n', 12]],
  ['HMSG a | q q2 12 13\r\nNATS/1.0\r\n\r\nx\r\n', ['message', 'a', '', ['q', 'q2'], 'NATS/1.0\r\n\r\nx', 12]],
  ['HMSG a + r q 12 13\r\nNATS/1.0\r\n\r\nx\r\n', ['message', 'a', 'r', ['q'], 'NATS/1.0\r\n\r\nx', 12]],
  ['HMSG a + r 12 13\r\nNATS/1.0\r\n\r\nx\r\n', ['message', 'a', 'r', [], 'NATS/1.0\r\n\r\nx', 12]],
  ['HMSG a | 12 13\r\nNATS/1.0\r\n\r\nx\r\n', ['message', 'a', '|', [], 'NATS/1.0\r\n\r\nx', 12]],
  ['HMSG a 0 1\r\nx\r\n', ['message', 'a', '', [], 'x', 0]],
  [
    'LMSG a.\xff\xc3\xa9 + \x80 \x00\xfe 1\r\n\x80\r\nLS+ \xff\r\n',
    ['message', 'a.\xff\xc3\xa9', '\x80', ['\x00\xfe'], '\x80', 0],
    ['interest', '\xff', '', 1],
  ],
  // One message's queues are no other's.
  [
    'LMSG a | q 1\r\n1\r\nLMSG a 1\r\n2\r\nLMSG b | q 1\r\n3\r\nLMSG a | p 1\r\n4\r\nLMSG a | q p 1\r\n5\r\n',
    ['message', 'a', '', ['q'], '1', 0],
    ['message', 'a', '', [], '2', 0],
    ['message', 'b', '', ['q'], '3', 0],
    ['message', 'a', '', ['p'], '4', 0],
    ['message', 'a', '', ['q', 'p'], '5', 0],
  ],
  // What others than leaf nodes say, and nats-server takes from a leaf node as well.
  [
    'SUB a\r\nRS+ a q 2\r\nsub a q 3\r\n',
    ['interest', 'a', '', 1],
    ['interest', 'a', 'q', 2],
    ['interest', 'a', 'q', 3],
  ],
  ['UNSUB a\r\nRS- a q\r\n', ['no interest', 'a', ''], ['no interest', 'a', 'q']],
  ['PUB a 1\r\nx\r\nPUB a r 1\r\ny\r\n', ['message', 'a', '', [], 'x', 0], ['message', 'a', 'r', [], 'y', 0]],
  ['HPUB a r 12 13\r\nNATS/1.0\r\n\r\nx\r\n', ['message', 'a', 'r', [], 'NATS/1.0\r\n\r\nx', 12]],
  ['RMSG a | q 1\r\nx\r\n', ['message', 'a', '', ['q'], 'x', 0]],
  ['A+ a\r\nA- a\r\n'],
]

const PARSE = 'PARSE'
const LMSG = 'Bad arguments, expected LMSG <subject> [reply | + <reply> [queue]... | "|" <queue>...] <#bytes>'
const HMSG = 'Bad arguments, expected HMSG <subject> [reply | + <reply> [queue]... | "|" <queue>...] <#header> <#total>'
const LS_PLUS = 'Bad arguments, expected LS+ <subject> [<queue> <weight>]'

/** After each nats-server ends the connection; on `PARSE` with an error, on `ARGUMENTS` without. */
export const REFUSED: readonly (readonly [text: string, code: 'PARSE' | 'ARGUMENTS', message: string])[] = [
  ['LMSG a\r\n', 'ARGUMENTS', LMSG],
  ['LMSG  \r\n', 'ARGUMENTS', LMSG],
  ['LMSG a -1\r\n', 'ARGUMENTS', LMSG],
  ['LMSG a 1x\r\n', 'ARGUMENTS', LMSG],
  ['LMSG a 1234567890\r\n', 'ARGUMENTS', LMSG],
  ['LMSG a r q 1\r\n', 'ARGUMENTS', LMSG],
  ['LMSG a ++ r q 1\r\n', 'ARGUMENTS', LMSG],
  ['LMSG a | q x\r\n', 'ARGUMENTS', LMSG],
  ['HMSG a 12\r\n', 'ARGUMENTS', HMSG],
  ['HMSG a 14 13\r\n', 'ARGUMENTS', HMSG],
  ['HMSG a x 13\r\n', 'ARGUMENTS', HMSG],
  ['HMSG a 12 x\r\n', 'ARGUMENTS', HMSG],
  ['HMSG a r q 12 13\r\n', 'ARGUMENTS', HMSG],
  ['HMSG a | q x 13\r\n', 'ARGUMENTS', HMSG],
  ['LS+ \r\n', 'ARGUMENTS', LS_PLUS],
  ['LS+ a q\r\n', 'ARGUMENTS', LS_PLUS],
  ['LS+ a q 1 2\r\n', 'ARGUMENTS', LS_PLUS],
  ['LS+ a\rb\r\n', 'ARGUMENTS', LS_PLUS],
  ['SUB a 1\r\n', 'ARGUMENTS', LS_PLUS],
  ['PUB a + r q 1\r\n', 'ARGUMENTS', 'Bad arguments, expected PUB <subject> [reply] <#bytes>'],
  ['PUB a\r\n', 'ARGUMENTS', 'Bad arguments, expected PUB <subject> [reply] <#bytes>'],
  ['HPUB a 14 13\r\n', 'ARGUMENTS', 'Bad arguments, expected HPUB <subject> [reply] <#header> <#total>'],
  ['LMSG a 2\r\nhello\r\n', PARSE, 'Payload is not followed by CRLF'],
  ['LMSG a 2\r\nhi\n\r\n', PARSE, 'Payload is not followed by CRLF'],
  ...['GET', 'MSG', 'LHMSG', 'RHMSG', 'LS*', 'LSUB', 'LMSGS', 'RS', '-ERRX', 'B+'].map(
    (verb) => [`${verb} 'x'\r\n`, PARSE, `Unknown operation "${verb}"`] as const,
  ),
  ['\r\n', PARSE, 'Unknown operation ""'],
  [' PING\r\n', PARSE, 'Unknown operation ""'],
  ['LS+\r\n', PARSE, 'Unknown operation "LS+"'],
  ['LMSG\r\n', PARSE, 'Unknown operation "LMSG"'],
  ['-ERR\r\n', PARSE, 'Unknown operation "-ERR"'],
]
