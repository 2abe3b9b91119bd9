import type { Script } from '../script.ts'
import { CONNECT, WITHOUT_A_WORD } from './common.ts'

export const beforeConnect: readonly Script[] = [
  { name: 'PING needs no CONNECT', say: 'PING␍␊', hear: 'PONG␍␊' },
  {
    name: 'before CONNECT a client is verbose and gets its own messages',
    say: 'SUB foo 1␍␊PUB foo 2␍␊hi␍␊',
    hear: '+OK␍␊+OK␍␊MSG foo 1 2␍␊hi␍␊',
  },
  {
    name: 'before CONNECT a client is pedantic',
    say: 'PUB foo.* 2␍␊hi␍␊',
    hear: "-ERR 'Invalid Publish Subject'␍␊+OK␍␊",
  },
  {
    name: 'before CONNECT a client has no headers',
    say: 'HPUB foo 12 12␍␊NATS/1.0␍␊␍␊␍␊',
    ...WITHOUT_A_WORD,
  },
  { name: 'an empty CONNECT object leaves a client verbose', say: 'CONNECT {}␍␊SUB foo 1␍␊', hear: '+OK␍␊+OK␍␊' },
]

export const connect: readonly Script[] = [
  { name: 'CONNECT is answered when verbose', say: 'CONNECT {"verbose":true}␍␊', hear: '+OK␍␊' },
  { name: 'CONNECT is not answered otherwise', say: CONNECT, hear: '' },
  { name: 'CONNECT may come again', say: `${CONNECT}CONNECT {"verbose":true}␍␊SUB foo 1␍␊`, hear: '+OK␍␊+OK␍␊' },
  { name: 'CONNECT may have no blank before its JSON', say: 'CONNECT{"verbose":true}␍␊', hear: '+OK␍␊' },
  { name: 'fields that nobody knows are passed over', say: 'CONNECT {"verbose":false,"x":[{}]}␍␊', hear: '' },
  { name: 'CONNECT that is no JSON', say: 'CONNECT {"verbose":␍␊', ...WITHOUT_A_WORD },
  { name: 'CONNECT that is no object', say: 'CONNECT [1]␍␊', ...WITHOUT_A_WORD },
  { name: 'CONNECT without anything', say: 'CONNECT␍␊', ...WITHOUT_A_WORD },
  { name: 'CONNECT with a field of another type', say: 'CONNECT {"verbose":"no"}␍␊', ...WITHOUT_A_WORD },
  {
    name: 'protocol 2',
    say: 'CONNECT {"verbose":false,"protocol":2}␍␊',
    hear: "-ERR 'invalid client protocol'␍␊",
    ends: { code: 1002, reason: 'Bad Client Protocol Version' },
  },
  {
    name: 'no_responders without headers',
    say: 'CONNECT {"verbose":false,"no_responders":true}␍␊',
    hear: "-ERR 'no responders requires headers support'␍␊",
    ends: { code: 1011, reason: 'No Responders Requires Headers' },
  },
  {
    name: 'asking for an account',
    say: 'CONNECT {"verbose":false,"account":"A"}␍␊',
    hear: "-ERR 'Authorization Violation'␍␊",
    ends: { code: 1008, reason: 'Authentication Failure' },
  },
  { name: 'credentials nobody asked for', say: 'CONNECT {"verbose":false,"user":"u","pass":"p"}␍␊', hear: '' },
  {
    name: 'the fields of CONNECT in any case',
    say: 'CONNECT {"VERBOSE":false,"Echo":false}␍␊SUB a 1␍␊PUB a 0␍␊␍␊',
    hear: '',
  },
  { name: 'CONNECT that is null says nothing', say: 'CONNECT null␍␊', hear: '+OK␍␊' },
  { name: 'a field that is null says nothing', say: 'CONNECT {"verbose":null}␍␊', hear: '+OK␍␊' },
  {
    name: 'a second CONNECT keeps what it does not mention',
    say: 'CONNECT {"verbose":false}␍␊CONNECT {"pedantic":false}␍␊PUB a.* 0␍␊␍␊',
    hear: '',
  },
  {
    // Of the same user: newer nats-servers end them.
    name: 'a second CONNECT keeps the subscriptions',
    say: `${CONNECT}SUB a 1␍␊${CONNECT}PUB a 0␍␊␍␊`,
    hear: 'MSG a 1 0␍␊␍␊',
  },
  {
    name: 'what was subscribed to before CONNECT stays',
    say: `SUB a 1␍␊${CONNECT}PUB a 0␍␊␍␊`,
    hear: '+OK␍␊MSG a 1 0␍␊␍␊',
  },
  { name: 'a protocol that is no whole number', say: 'CONNECT {"protocol":1.5}␍␊', ...WITHOUT_A_WORD },
]
