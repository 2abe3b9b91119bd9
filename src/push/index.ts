export type { BrowserAddress, Deliver, Outcome, PhonesAddress, Push } from './push.ts'
