import type { Script } from '../script.ts'
import { beforeConnect, connect } from './connect.ts'
import { lines } from './lines.ts'
import { noResponders, publishing } from './publishing.ts'
import { subscribing } from './subscribing.ts'

export const SCRIPTS: readonly Script[] = [
  ...beforeConnect,
  ...connect,
  ...lines,
  ...publishing,
  ...noResponders,
  ...subscribing,
]
