import type * as doctor from './doctor.ts'
import type * as why from './why-no-hub.ts'

export { FAULTS, type FaultId } from './faults.ts'
export type { DoctorFetch, DoctorOptions } from './options.ts'
export {
  type Check,
  type CheckId,
  type DoctorReport,
  type Mend,
  PROXIES,
  type ProxyName,
  type Status,
} from './report.ts'
export type { WhyNoHubOptions } from './why-no-hub.ts'

// Whoever could ask for an examination is loaded at every start; what examines, when one is asked for.

/** As in `doctor.ts`. */
export const runDoctor: typeof doctor.runDoctor = async (...given) => (await import('./doctor.ts')).runDoctor(...given)

/** As in `why-no-hub.ts`. */
export const whyNoHub: typeof why.whyNoHub = async (...given) => (await import('./why-no-hub.ts')).whyNoHub(...given)
