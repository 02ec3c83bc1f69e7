// What must hold when every fault is lifted, shown by using the system: each session as it stands, at every replica, and nothing
// left at GitHub when all sessions have ended.

import { readConfig } from '../../src/config/config.ts';
import { EventBus } from '../../src/observe/events.ts';
import { createRedisStore } from '../../src/store/redis/redis-store.ts';
import { wire } from '../../src/wiring.ts';
import { until } from '../support/until.ts';
import type { Model, Session } from './model.ts';
import type { Person } from './person.ts';
import type { World } from './world.ts';

/** Seconds by which the sweeper's clock moves at each round: it visits a person once an hour. */
const SWEEP_STEP = 7200;

/** Everything that must hold; what does not is noted in the model. */
export async function checkInvariants(world: World, model: Model): Promise<void> {
  const each = (check: (person: Person) => Promise<void>) => Promise.all(world.people.map(check));
  await each((person) => checkWithdrawn(model, person));
  await each((person) => checkSessions(world, model, person));
  await each((person) => checkNewLogin(model, person));
  await checkNothingLeft(world, model);
}

/** A session whose person revoked the app ends by GitHub's word. */
async function checkWithdrawn(model: Model, person: Person): Promise<void> {
  for (const session of model.of(person.login, 'withdrawn'))
    await until(
      async () => {
        if (session.standing === 'withdrawn') await person.call(session, 'get_user_profile');
        return session.standing !== 'withdrawn';
      },
      { what: `${session.name} to end by GitHub's word`, timeout: 60_000, interval: 500 },
    );
}

/** Live sessions refresh, and call as their own person at every replica; ended ones are refused everywhere. */
async function checkSessions(world: World, model: Model, person: Person): Promise<void> {
  for (const session of model.of(person.login, 'live', 'unsure', 'ended')) {
    const { standing } = session;
    if (standing !== 'unsure') await person.refresh(session);
    const answers = [];
    for (const { url } of world.replicas) answers.push(await answerTo(person, session, 'get_auth_status', url));
    if (new Set(answers).size > 1)
      model.violation(`${session.name} (${standing}, ${session.why}), replica by replica: ${answers.join(', ')}`);
    if (session.standing === 'live')
      for (const { url } of world.replicas) await answerTo(person, session, 'get_user_profile', url);
    model.count(`sessions at the end: ${standing}, ${answers[0]}`);
  }
}

/** Calls until the call is accepted or refused. */
async function answerTo(person: Person, session: Session, tool: string, replica: string): Promise<string> {
  return await until(
    async () => {
      const outcome = await person.call(session, tool, replica);
      return outcome !== 'no answer' && outcome;
    },
    { what: `an answer of ${tool} to ${session.name}`, interval: 500, timeout: 60_000 },
  );
}

/** Nobody is locked out: a new login works, and its session calls. */
async function checkNewLogin(model: Model, person: Person): Promise<void> {
  await until(() => person.logIn(), { what: `a new login of ${person.login}`, timeout: 60_000, interval: 500 });
  const newest = model.of(person.login, 'live').at(-1);
  if (newest !== undefined) await person.call(newest, 'get_user_profile');
}

/**
 * When each session was signed out, and those that nobody got were ended by the operator, GitHub's tokens are revoked: all but
 * those of logins that were cut off, which the bridge could not store. Time passes for the sweeper, whose clock is moved.
 */
async function checkNothingLeft(world: World, model: Model): Promise<void> {
  const { people, github, env } = world;
  await Promise.all(
    people.map(async (person) => {
      for (const session of model.of(person.login, 'live', 'unsure')) await person.signOut(session);
    }),
  );
  let ahead = 0;
  const now = () => Math.floor(Date.now() / 1000) + ahead;
  const store = createRedisStore(env.REDIS_URL ?? '', { now });
  const operator = await wire(readConfig({ ...env }), { store, events: new EventBus(), now });
  try {
    await endOrphans(people, model, operator);
    const sweep = async () => {
      await operator.revocations.sweep();
      await operator.revocations.idle();
      ahead += SWEEP_STEP;
    };
    const alive = () => github.liveTokens().map(({ token }) => token);
    const left = () => people.flatMap(({ githubTokens }) => alive().filter((token) => githubTokens.has(token)));
    await until(() => sweep().then(() => left().length === 0), {
      what: 'the revocations',
      timeout: 60_000,
      interval: 500,
    }).catch(() => model.violation(`${left().length} tokens are alive at GitHub, although every session has ended`));
    // What was added meanwhile, and what GitHub did not answer.
    for (let round = 0; round < 3; round++) await sweep();
    for (const { login, cutOff } of people) {
      const strays = github.liveTokens({ account: login }).length;
      if (strays > cutOff) model.violation(`GitHub has ${strays} tokens of ${login}; ${cutOff} logins were cut off`);
    }
    for (const _ of alive()) model.count('tokens at GitHub of logins that were cut off');
  } finally {
    await operator.close();
    await store.close();
  }
}

/** The operator ends the sessions that are left. They are at most those whose tokens were lost on their way. */
async function endOrphans(
  people: readonly Person[],
  model: Model,
  { directory }: Awaited<ReturnType<typeof wire>>,
): Promise<void> {
  for (const { login, orphans } of people) {
    const { sessions } = await directory.search(login);
    const own = sessions.filter(({ credential }) => credential.account.login === login);
    if (own.length > orphans)
      model.violation(`${login} has ${own.length} sessions that nobody holds; lost answers explain ${orphans}`);
    for (const session of own) {
      await directory.revoke(directory.describe(session).session, 'operator');
      model.count('sessions that nobody held');
    }
  }
}
