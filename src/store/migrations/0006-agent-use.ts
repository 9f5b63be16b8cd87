import type { Migration } from '../migration.ts';

/**
 * What agents did, counted by day (UTC) out of the log, and how far the log is counted. It can be
 * emptied at any time: then it is counted anew.
 */
export const agentUse: Migration = {
  id: '0006-agent-use',
  sql: `
    -- 'calls' passed, 'refused' did not; 'first' and 'last' are of calls that passed.
    create table agent_use (
      agent text not null,
      action text not null,
      resource text not null,
      day date not null,
      calls bigint not null,
      refused bigint not null,
      first timestamptz,
      last timestamptz,
      primary key (agent, action, resource, day)
    );

    -- 'next' is the index of the first entry that is not counted yet.
    create table agent_use_cursor (
      id smallint primary key check (id = 1),
      next bigint not null
    );
    insert into agent_use_cursor (id, next) values (1, 0);
  `,
};
