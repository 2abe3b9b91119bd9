import type { Script } from '../script.ts'
import { CONNECT, CONNECT_BARE, WITHOUT_A_WORD } from './common.ts'

export const publishing: readonly Script[] = [
  { name: 'PUB without size', say: `${CONNECT}PUB a␍␊`, ...WITHOUT_A_WORD },
  { name: 'PUB with a size that is no number', say: `${CONNECT}PUB a b c␍␊`, ...WITHOUT_A_WORD },
  { name: 'PUB with a negative size', say: `${CONNECT}PUB a -1␍␊`, ...WITHOUT_A_WORD },
  { name: 'PUB with a size of ten digits', say: `${CONNECT}PUB a 9999999999␍␊`, ...WITHOUT_A_WORD },
  { name: 'PUB with too many arguments', say: `${CONNECT}PUB a b c 2␍␊hi␍␊`, ...WITHOUT_A_WORD },
  { name: 'HPUB with one size', say: `${CONNECT}HPUB a 2␍␊hi␍␊`, ...WITHOUT_A_WORD },
  { name: 'HPUB with more header than message', say: `${CONNECT}HPUB a 14 12␍␊NATS/1.0␍␊␍␊␍␊`, ...WITHOUT_A_WORD },
  { name: 'HPUB of a client without headers', say: `${CONNECT_BARE}HPUB a 12 12␍␊NATS/1.0␍␊␍␊␍␊`, ...WITHOUT_A_WORD },
  {
    name: 'HPUB with an empty header of a client without headers',
    say: `${CONNECT_BARE}SUB a 1␍␊HPUB a 0 2␍␊hi␍␊`,
    ...WITHOUT_A_WORD,
  },
  {
    name: 'the message of a HPUB that may not be is not waited for',
    say: `${CONNECT_BARE}HPUB a 12 12␍␊`,
    ...WITHOUT_A_WORD,
  },
  {
    name: 'HPUB with an empty header',
    say: `${CONNECT}SUB a 1␍␊HPUB a 0 2␍␊hi␍␊`,
    hear: 'MSG a 1 2␍␊hi␍␊',
  },
  {
    name: 'a reply subject',
    say: `${CONNECT}SUB a 1␍␊PUB a _INBOX.1 2␍␊hi␍␊`,
    hear: 'MSG a 1 _INBOX.1 2␍␊hi␍␊',
  },
  {
    name: 'headers are passed on as they are',
    say: `${CONNECT}SUB foo.* 1␍␊HPUB foo.bar 24 27␍␊NATS/1.0␍␊A: b␍␊C: d␍␊␍␊xyz␍␊`,
    hear: 'HMSG foo.bar 1 24 27␍␊NATS/1.0␍␊A: b␍␊C: d␍␊␍␊xyz␍␊',
  },
  {
    name: 'headers with a reply subject',
    say: `${CONNECT}SUB a 1␍␊HPUB a r.1 12 12␍␊NATS/1.0␍␊␍␊␍␊`,
    hear: 'HMSG a 1 r.1 12 12␍␊NATS/1.0␍␊␍␊␍␊',
  },
  {
    name: 'only the lengths of headers are looked at',
    say: `${CONNECT}SUB a 1␍␊HPUB a 4 6␍␊junkhi␍␊`,
    hear: 'HMSG a 1 4 6␍␊junkhi␍␊',
  },
  {
    name: 'the largest payload',
    say: `${CONNECT}SUB a 1␍␊PUB a 1024␍␊${'x'.repeat(1024)}␍␊`,
    hear: `MSG a 1 1024␍␊${'x'.repeat(1024)}␍␊`,
  },
  {
    name: 'a payload that is too large is not waited for',
    say: `${CONNECT}PUB a 1025␍␊`,
    hear: "-ERR 'Maximum Payload Violation'␍␊",
    ends: { code: 1009, reason: 'Maximum Message Payload Exceeded' },
  },
  {
    name: 'headers count as payload',
    say: `${CONNECT}HPUB a 12 1025␍␊`,
    hear: "-ERR 'Maximum Payload Violation'␍␊",
    ends: { code: 1009, reason: 'Maximum Message Payload Exceeded' },
  },
  {
    name: 'a pedantic client is told of wildcards in what it publishes, and served',
    say: 'CONNECT {"verbose":false}␍␊SUB > 1␍␊PUB foo.* 2␍␊hi␍␊',
    hear: "-ERR 'Invalid Publish Subject'␍␊MSG foo.* 1 2␍␊hi␍␊",
  },
  {
    name: 'publishing to a wildcard reaches only those who subscribed to more',
    say: `${CONNECT}SUB foo.bar 1␍␊SUB foo.* 2␍␊PUB foo.* 2␍␊hi␍␊`,
    hear: 'MSG foo.* 2 2␍␊hi␍␊',
  },
  {
    name: 'a client without echo does not hear itself',
    say: 'CONNECT {"verbose":false,"echo":false}␍␊SUB a 1␍␊PUB a 1␍␊x␍␊',
    hear: '',
  },
  ...['$JS.ACK.x', '_R_.x', '_R_.', '_GR_.x'].map((reply) => ({
    name: `the reserved reply ${reply} is refused and survived`,
    say: `CONNECT {"pedantic":false}␍␊SUB a 1␍␊PUB a ${reply} 1␍␊x␍␊`,
    hear: `+OK␍␊+OK␍␊-ERR 'Permissions Violation for Publish with Reply of "${reply}"'␍␊`,
  })),
  {
    name: 'publishing to a reserved subject is refused and survived',
    say: 'CONNECT {"pedantic":false}␍␊PUB _GR_.x 1␍␊x␍␊',
    hear: '+OK␍␊-ERR \'Permissions Violation for Publish to "_GR_.x"\'␍␊',
  },
  ...['$NRG.x', '$NRG.'].map((subject) => ({
    name: `publishing to ${subject}, which newer nats-servers reserve, is refused and survived`,
    say: `CONNECT {"pedantic":false}␍␊PUB ${subject} 1␍␊x␍␊`,
    hear: {
      belfry: `+OK␍␊-ERR 'Permissions Violation for Publish to "${subject}"'␍␊`,
      natsServer: '+OK␍␊+OK␍␊',
    },
  })),
  {
    name: 'what only begins like a reserved subject is none',
    say: `${CONNECT}SUB > 1␍␊PUB _GR_ _R 0␍␊␍␊PUB $NRG $JS.ACK 0␍␊␍␊PUB _R_.a _INBOX.1 0␍␊␍␊`,
    hear: 'MSG _GR_ 1 _R 0␍␊␍␊MSG $NRG 1 $JS.ACK 0␍␊␍␊MSG _R_.a 1 _INBOX.1 0␍␊␍␊',
  },
  {
    name: 'a subject is quoted in an error as Go quotes it',
    say: `${CONNECT}PUB _GR_."\\\u00e9\u00c3\u00a9\u0001 0␍␊␍␊`,
    hear: `-ERR 'Permissions Violation for Publish to "_GR_.\\"\\\\\\xe9\u00c3\u00a9\\x01"'␍␊`,
  },
]

export const noResponders: readonly Script[] = [
  {
    name: 'a request that nobody hears is answered with 503',
    say: `${CONNECT}SUB _INBOX.9 9␍␊PUB nobody _INBOX.9 0␍␊␍␊`,
    hear: {
      belfry: 'HMSG _INBOX.9 9 38 38␍␊NATS/1.0 503␍␊Nats-Subject: nobody␍␊␍␊␍␊',
      natsServer: 'HMSG _INBOX.9 9 16 16␍␊NATS/1.0 503␍␊␍␊␍␊',
    },
  },
  {
    // One message is one message: nats-server does not count its own.
    name: 'the 503 finds a wildcard subscription, and counts for its maximum',
    say: `${CONNECT}SUB _INBOX.* 9␍␊UNSUB 9 1␍␊PUB nobody _INBOX.1 0␍␊␍␊PUB nobody _INBOX.2 0␍␊␍␊`,
    hear: {
      belfry: 'HMSG _INBOX.1 9 38 38␍␊NATS/1.0 503␍␊Nats-Subject: nobody␍␊␍␊␍␊',
      natsServer: 'HMSG _INBOX.1 9 16 16␍␊NATS/1.0 503␍␊␍␊␍␊HMSG _INBOX.2 9 16 16␍␊NATS/1.0 503␍␊␍␊␍␊',
    },
  },
  {
    name: 'no 503 without a subscription for it',
    say: `${CONNECT}SUB other 9␍␊PUB nobody _INBOX.9 0␍␊␍␊`,
    hear: '',
  },
  { name: 'no 503 without a reply subject', say: `${CONNECT}SUB > 9␍␊UNSUB 9␍␊PUB nobody 0␍␊␍␊`, hear: '' },
  {
    name: 'no 503 for a client that did not ask for it',
    say: 'CONNECT {"verbose":false,"headers":true}␍␊SUB _INBOX.9 9␍␊PUB nobody _INBOX.9 0␍␊␍␊',
    hear: '',
  },
  {
    name: 'no 503 when somebody hears',
    say: `${CONNECT}SUB _INBOX.9 9␍␊SUB somebody 1␍␊PUB somebody _INBOX.9 0␍␊␍␊`,
    hear: 'MSG somebody 1 _INBOX.9 0␍␊␍␊',
  },
]
