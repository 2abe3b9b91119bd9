/**
 * What a client may publish and subscribe to, as the configuration or a JWT says it. Where there is no `allow` all is
 * allowed; an empty `allow` allows nothing; `deny` goes before `allow`. (`spec/nats.md` §2.7)
 */
export interface Permissions {
  readonly publish?: SubjectRules | undefined
  /** Its entries may be `subject queue`: they are about members of such queue groups then, and both may have wildcards. */
  readonly subscribe?: SubjectRules | undefined
  /** Whether it may answer what it was asked, wherever the answer goes. */
  readonly responses?: ResponseRules | undefined
}

/** Valid subjects, with wildcards or without. */
export interface SubjectRules {
  readonly allow?: readonly string[] | undefined
  readonly deny?: readonly string[] | undefined
}

/** For each message with a reply subject that is delivered to a client. */
export interface ResponseRules {
  /** Answers; negative: any number. */
  readonly maxMessages: number
  /** Milliseconds it may take to answer; negative: any time. */
  readonly ttlMs: number
}
