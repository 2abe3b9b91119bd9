import type { Script } from '../script.ts'
import { CONNECT, UNKNOWN_OPERATION, WITHOUT_A_WORD } from './common.ts'

export const subscribing: readonly Script[] = [
  { name: 'SUB without sid', say: `${CONNECT}SUB a␍␊`, ...WITHOUT_A_WORD },
  { name: 'SUB with too many arguments', say: `${CONNECT}SUB a b c d␍␊`, ...WITHOUT_A_WORD },
  { name: 'UNSUB without sid', say: `${CONNECT}UNSUB␍␊`, ...UNKNOWN_OPERATION },
  { name: 'UNSUB with too many arguments', say: `${CONNECT}UNSUB 1 2 3␍␊`, ...WITHOUT_A_WORD },
  { name: 'a sid may be any text', say: `${CONNECT}SUB a my-sid␍␊PUB a 1␍␊x␍␊`, hear: 'MSG a my-sid 1␍␊x␍␊' },
  {
    name: 'a sid in use keeps its subscription',
    say: 'CONNECT {"pedantic":false}␍␊SUB a 1␍␊SUB b 1␍␊PUB a 1␍␊x␍␊PUB b 1␍␊y␍␊',
    hear: '+OK␍␊+OK␍␊+OK␍␊+OK␍␊MSG a 1 1␍␊x␍␊+OK␍␊',
  },
  { name: 'UNSUB of an unknown sid', say: 'CONNECT {}␍␊UNSUB 9␍␊UNSUB 9 4␍␊', hear: '+OK␍␊+OK␍␊+OK␍␊' },
  {
    name: 'UNSUB ends a subscription, and its sid is free',
    say: `${CONNECT}SUB a 1␍␊UNSUB 1␍␊PUB a 1␍␊x␍␊SUB b 1␍␊PUB b 1␍␊y␍␊`,
    hear: 'MSG b 1 1␍␊y␍␊',
  },
  {
    name: 'UNSUB with a maximum ends a subscription after that many messages',
    say: `${CONNECT}SUB m 5␍␊UNSUB 5 2␍␊PUB m 1␍␊a␍␊PUB m 1␍␊b␍␊PUB m 1␍␊c␍␊`,
    hear: 'MSG m 5 1␍␊a␍␊MSG m 5 1␍␊b␍␊',
  },
  {
    name: 'the maximum of UNSUB counts from the beginning',
    say: `${CONNECT}SUB m 5␍␊PUB m 1␍␊a␍␊UNSUB 5 2␍␊PUB m 1␍␊b␍␊PUB m 1␍␊c␍␊`,
    hear: 'MSG m 5 1␍␊a␍␊MSG m 5 1␍␊b␍␊',
  },
  {
    name: 'a maximum that was reached before ends the subscription at once',
    say: `${CONNECT}SUB m 5␍␊PUB m 1␍␊a␍␊PUB m 1␍␊b␍␊UNSUB 5 1␍␊PUB m 1␍␊c␍␊`,
    hear: 'MSG m 5 1␍␊a␍␊MSG m 5 1␍␊b␍␊',
  },
  {
    name: 'a later maximum takes the place of the first',
    say: `${CONNECT}SUB m 5␍␊UNSUB 5 1␍␊UNSUB 5 2␍␊PUB m 1␍␊a␍␊PUB m 1␍␊b␍␊PUB m 1␍␊c␍␊`,
    hear: 'MSG m 5 1␍␊a␍␊MSG m 5 1␍␊b␍␊',
  },
  {
    name: 'after its maximum a sid is free',
    say: `${CONNECT}SUB m 5␍␊UNSUB 5 1␍␊PUB m 1␍␊a␍␊SUB n 5␍␊PUB n 1␍␊b␍␊`,
    hear: 'MSG m 5 1␍␊a␍␊MSG n 5 1␍␊b␍␊',
  },
  {
    name: 'a maximum that is no number ends the subscription at once',
    say: `${CONNECT}SUB m 5␍␊UNSUB 5 x␍␊PUB m 1␍␊a␍␊`,
    hear: '',
  },
  ...['foo..bar', '.foo', 'foo.', '>.a', 'a.>.b'].map((subject) => ({
    name: `SUB ${subject} is refused and survived`,
    say: `${CONNECT}SUB ${subject} 7␍␊`,
    hear: "-ERR 'Invalid Subject'␍␊",
  })),
  {
    name: 'wildcards inside a token are ordinary characters',
    say: `${CONNECT}SUB a*.b> 1␍␊PUB a*.b> 1␍␊x␍␊PUB ab.bc 1␍␊y␍␊`,
    hear: 'MSG a*.b> 1 1␍␊x␍␊',
  },
  {
    name: 'too many subscriptions are refused and survived',
    say: `${CONNECT}${[1, 2, 3, 4, 5, 6, 7, 8, 9].map((sid) => `SUB a ${sid}␍␊`).join('')}UNSUB 1␍␊SUB b 9␍␊PUB b 1␍␊x␍␊`,
    hear: "-ERR 'maximum subscriptions exceeded'␍␊MSG b 9 1␍␊x␍␊",
  },
  {
    // With more groups than one nats-server has no order among them.
    name: 'a queue group gets a message after the plain subscriptions',
    say: `${CONNECT}SUB q g 1␍␊SUB q 3␍␊PUB q 1␍␊x␍␊UNSUB 3␍␊PUB q 1␍␊y␍␊`,
    hear: 'MSG q 3 1␍␊x␍␊MSG q 1 1␍␊x␍␊MSG q 1 1␍␊y␍␊',
  },
  {
    name: 'a subject of 257 tokens',
    say: `${CONNECT}SUB ${'a.'.repeat(256)}a 1␍␊`,
    hear: { belfry: "-ERR 'Invalid Subject'␍␊", natsServer: '' },
  },
  {
    name: 'the reserved queue name is refused and survived',
    say: `${CONNECT}SUB a _sys_ 1␍␊PUB a 1␍␊x␍␊`,
    hear: '-ERR \'Permissions Violation for Subscription to "a" using queue "_sys_"\'␍␊',
  },
  {
    name: 'too many subscriptions are told before a bad subject, and before a sid in use',
    say: `${CONNECT}${[1, 2, 3, 4, 5, 6, 7, 8].map((sid) => `SUB a ${sid}␍␊`).join('')}SUB a..b 9␍␊SUB a 1␍␊`,
    hear: "-ERR 'maximum subscriptions exceeded'␍␊-ERR 'maximum subscriptions exceeded'␍␊",
  },
]
