/** What instances on one database tell each other about scheduled jobs. */
export interface JobRuns {
  /**
   * Records that the run of a job that was due at `due` begins. False when a run for that time or a later one has begun
   * before; a record later than `latest` was made by a clock that was wrong, and does not count.
   */
  begin(job: string, due: Date, latest: Date): Promise<boolean>
}

/** By which key the instances on one database sign, as a fingerprint of its public half. The key itself is in no database. */
export interface SigningKeys {
  /** Undefined when none was recorded. */
  find(): Promise<string | undefined>
  /** Records it if none is recorded; resolves with the one that is then. */
  claim(fingerprint: string): Promise<string>
  replace(fingerprint: string): Promise<void>
}

/**
 * The key that all instances on one database do Web Push with (RFC 8292), in PEM. The key itself: whoever reads the database
 * finds more there that is worth something, and none of the instances needs to be brought the file of another.
 */
export interface VapidKeys {
  /** Records it if none is recorded; resolves with the one that is then. */
  claim(privateKey: string): Promise<string>
  replace(privateKey: string): Promise<void>
}
