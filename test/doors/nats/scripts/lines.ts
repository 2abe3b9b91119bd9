import type { Script } from '../script.ts'
import { CONNECT, UNKNOWN_OPERATION } from './common.ts'

export const lines: readonly Script[] = [
  {
    name: 'verbs in lower and mixed case',
    say: `${CONNECT}sub low 8␍␊pub low 2␍␊ok␍␊Unsub 8␍␊pInG␍␊`,
    hear: 'MSG low 8 2␍␊ok␍␊PONG␍␊',
  },
  { name: 'lines that end with a bare LF', say: `${CONNECT}SUB a 1␊PUB a 2␊hi␍␊PING␊`, hear: 'MSG a 1 2␍␊hi␍␊PONG␍␊' },
  { name: 'blanks and tabs between fields', say: `${CONNECT}SUB \t a   1 ␍␊PUB\ta \t 1␍␊x␍␊`, hear: 'MSG a 1 1␍␊x␍␊' },
  { name: 'what follows PING and +OK on the line is ignored', say: 'PING x␍␊+OK yes␍␊PONG x␍␊', hear: 'PONG␍␊' },
  {
    name: 'a payload may hold anything',
    say: `${CONNECT}SUB a 1␍␊PUB a 8␍␊a␍␊PING\0␍␊`,
    hear: 'MSG a 1 8␍␊a␍␊PING\0␍␊',
  },
  { name: 'a payload that is longer than announced', say: `${CONNECT}PUB a 2␍␊hello␍␊`, ...UNKNOWN_OPERATION },
  { name: 'a payload that is followed by a bare LF', say: `${CONNECT}PUB a 2␍␊hi␊PING␍␊`, ...UNKNOWN_OPERATION },
  { name: 'an unknown operation', say: `${CONNECT}HELLO␍␊`, ...UNKNOWN_OPERATION },
  { name: 'an unknown operation before CONNECT', say: 'GETS␍␊', ...UNKNOWN_OPERATION },
  { name: 'an empty line', say: `${CONNECT}␍␊`, ...UNKNOWN_OPERATION },
  { name: 'what only servers say to each other: RS+', say: `${CONNECT}RS+ $G foo␍␊`, ...UNKNOWN_OPERATION },
  { name: 'what only servers say to each other: LS+', say: `${CONNECT}LS+ foo␍␊`, ...UNKNOWN_OPERATION },
  { name: 'what only servers say to each other: RMSG', say: `${CONNECT}RMSG $G foo 2␍␊hi␍␊`, ...UNKNOWN_OPERATION },
  { name: 'what only servers say to clients: MSG', say: `${CONNECT}MSG foo 1 2␍␊hi␍␊`, ...UNKNOWN_OPERATION },
  { name: 'INFO from a client is passed over', say: `${CONNECT}INFO {}␍␊`, hear: '' },
  {
    name: '-ERR from a client ends its connection',
    say: `${CONNECT}-ERR 'x'␍␊`,
    hear: '',
    ends: { code: 1002, reason: 'Parse Error' },
  },
  {
    name: 'the longest control line',
    say: `${CONNECT}SUB ${'x'.repeat(1022)} 1␍␊`,
    hear: '',
  },
  {
    name: 'a control line that is too long',
    say: `${CONNECT}SUB ${'x'.repeat(1023)} 1␍␊`,
    hear: "-ERR 'maximum control line exceeded'␍␊",
    ends: { code: 1008, reason: 'Maximum Control Line Exceeded' },
  },
  {
    name: 'a control line without end',
    say: `${CONNECT}SUB ${'x'.repeat(2000)}`,
    hear: "-ERR 'maximum control line exceeded'␍␊",
    ends: { code: 1008, reason: 'Maximum Control Line Exceeded' },
  },
]
