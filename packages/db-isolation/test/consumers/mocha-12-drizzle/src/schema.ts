import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

export const note = sqliteTable('note', {
  id: integer('id').primaryKey({ autoIncrement: true }),
  text: text('text').notNull(),
});
