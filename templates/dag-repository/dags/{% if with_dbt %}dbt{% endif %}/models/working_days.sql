-- The days of this year from Monday to Friday: change it into a model of your own.
select day::date as day
from generate_series(date_trunc('year', now()), now(), interval '1 day') as day
where extract(isodow from day) < 6
