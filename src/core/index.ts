export { Account, type AccountTraffic, type ConnectionKind } from './account.ts'
export {
  type AccountDefinition,
  type AccountLimits,
  type Export,
  type ExportAccess,
  emptyAccount,
  type Import,
  type MappingDestination,
  type ServiceExport,
  type ServiceImport,
  type ServiceLatency,
  type StreamExport,
  type StreamImport,
  type SubjectMapping,
} from './account-definition.ts'
export { DEFAULT_ACCOUNT, SYSTEM_ACCOUNT } from './account-names.ts'
export { Broker } from './broker.ts'
export { checkDefinitions, type DefinitionProblem } from './definition-check.ts'
export { InProcessClient, type MessageHandler } from './in-process-client.ts'
export { type InterestFollower, type Link, LinkSubscription, LOOP_SUBJECT_PREFIX } from './link.ts'
export { DeliveredMessage, Message } from './message.ts'
export { type Batch, type Framing, Outbox, type OutboxSink, Turn } from './outbox.ts'
export type { Peer, Requestor } from './peer.ts'
export { PermissionCheck } from './permission-check.ts'
export { ReplyPermits } from './permission-replies.ts'
export type { Permissions, ResponseRules, SubjectRules } from './permissions.ts'
export { type Request, RequestClient, type RequestClientOptions } from './request-client.ts'
export { isLiteralSubject, isValidSubject, MAX_SUBJECT_TOKENS, subjectMatches } from './subject.ts'
export { isSubset, overlapsWith } from './subject-patterns.ts'
export { SubjectTree } from './subject-tree.ts'
export { type LinkMatch, type Match, Sublist, type SublistStats } from './sublist.ts'
export { type DeliveryFilter, Subscription } from './subscription.ts'
