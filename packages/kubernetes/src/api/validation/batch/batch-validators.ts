import { cronJobs } from './cron-jobs.ts'
import { jobs } from './jobs.ts'

export const batchValidators = {
  'cronjobs.batch': cronJobs,
  'jobs.batch': jobs,
}
