/** What is given of the settings, by name: present and not empty, not yet parsed. */
type Given = Readonly<Record<string, string | undefined>>

const neededOnGoogle = ['GOOGLE_CLOUD_PROJECT', 'GOOGLE_CLOUD_LOCATION', 'TASKS_SERVICE_ACCOUNT']
const neededOnOneMachine = ['OBJECTS_FOLDER', 'OBJECTS_SECRET']

/**
 * Finds what the drivers in use lack: a single schema can't demand it, since the others do without.
 * @returns sentences that name the setting and show no value
 */
export function findDriverProblems(given: Given, isEmbedded: boolean): string[] {
  const needed = isEmbedded ? neededOnOneMachine : neededOnGoogle
  const whose = isEmbedded ? 'drivers of one machine' : 'drivers of Google Cloud'
  return [
    ...needed.filter((name) => given[name] === undefined).map((name) => `${name}: is needed by the ${whose}`),
    ...(isEmbedded ? [] : [...problemsOfLocation(given), ...problemsOfTasksAccount(given)]),
  ]
}

/** Queues are regional; `global` and the like, which other services know, are not for them. */
function problemsOfLocation({ GOOGLE_CLOUD_LOCATION: location }: Given): string[] {
  if (location === undefined || /^[a-z]+-[a-z]+\d{1,2}$/.test(location)) return []
  return ['GOOGLE_CLOUD_LOCATION: must be a region, as in asia-south1']
}

function problemsOfTasksAccount({ TASKS_SERVICE_ACCOUNT: account, PUSH_SERVICE_ACCOUNTS: pushers }: Given): string[] {
  if (account === undefined || pushers === undefined) return []
  if (pushers.split(',').some((pusher) => pusher.trim() === account)) return []
  return ['TASKS_SERVICE_ACCOUNT: must be one of PUSH_SERVICE_ACCOUNTS, else every task is refused']
}
