/** `servers/belfry.ts` with a clock at both ends of the main job. */
import './trip-times.ts'

await import('../servers/belfry.ts')
