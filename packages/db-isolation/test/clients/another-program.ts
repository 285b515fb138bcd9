import mysql from 'mysql2/promise';
import pg from 'pg';

// Connects to the database whose URL it is given, says so, and stays until it is killed.
const [, , url = ''] = process.argv;
if (url.startsWith('postgres')) {
  await new pg.Client({ connectionString: url, application_name: 'another program' }).connect();
} else {
  await mysql.createConnection(url);
}
process.send?.('connected');
