"""What only tells something in a query: functions of databases, and of MongoDB's shell. To widen it, add a word."""

from __future__ import annotations

from runbook.steps.effect_tables import words_of

ASKING = words_of(
    "count sum min max avg median mode stddev stddev_pop stddev_samp variance var_pop var_samp corr bool_and bool_or every any_value "
    "string_agg array_agg json_agg jsonb_agg json_object_agg jsonb_object_agg group_concat listagg percentile_cont percentile_disc "
    "row_number rank dense_rank percent_rank cume_dist ntile lag lead first_value last_value nth_value grouping "
    "now version clock_timestamp statement_timestamp transaction_timestamp timeofday sysdate sysdatetime getdate getutcdate curdate "
    "curtime localtime localtimestamp utc_timestamp unix_timestamp from_unixtime extract date_part date_trunc date_bin date time year "
    "month week day hour minute second datetime strftime julianday unixepoch age date_add date_sub dateadd datediff timediff "
    "timestampdiff timestampadd to_char to_date to_timestamp to_number date_format str_to_date make_date make_interval make_timestamp "
    "justify_days justify_hours justify_interval isfinite "
    "coalesce nullif greatest least ifnull isnull nvl iif if decode cast try_cast convert typeof "
    "abs ceil ceiling floor round trunc sign mod power pow sqrt exp ln log log10 random width_bucket "
    "length len char_length character_length octet_length bit_length lower upper initcap trim btrim ltrim rtrim lpad rpad left right "
    "substr substring position strpos instr locate replace translate reverse repeat split_part substring_index concat concat_ws format "
    "quote_ident quote_literal quote_nullable ascii chr md5 sha1 sha2 sha256 sha512 crc32 encode hex unhex to_hex regexp_match "
    "regexp_matches regexp_replace regexp_count regexp_like regexp_substr regexp_split_to_array regexp_split_to_table starts_with "
    "hashtext hashtextextended "
    "array_length array_to_string array_position cardinality string_to_array unnest generate_series generate_subscripts "
    "json_extract json_value json_object json_array json_array_length json_array_elements json_array_elements_text json_build_object "
    "json_build_array json_each json_each_text json_extract_path_text json_typeof jsonb_array_elements jsonb_array_elements_text "
    "jsonb_array_length jsonb_build_object jsonb_build_array jsonb_each jsonb_each_text jsonb_object_keys jsonb_pretty "
    "jsonb_typeof row_to_json to_json to_jsonb xpath query_to_xml "
    "database schema user current_database current_schema current_schemas current_user current_role current_date current_time "
    "current_timestamp current_catalog current_query session_user system_user connection_id last_insert_id found_rows row_count "
    "txid_current_if_assigned db_name object_id object_name serverproperty has_table_privilege has_schema_privilege "
    "has_database_privilege has_column_privilege has_function_privilege obj_description col_description shobj_description format_type "
    "to_regclass to_regproc inet_server_addr inet_server_port inet_client_addr host sqlite_version "
    "countif sumif avgif uniq uniqexact quantile formatreadablesize formatreadablequantity formatreadabletimedelta todate todatetime "
    "tostring toyyyymm tostartofhour tostartofminute tostartofday today yesterday hostname "
    "safe_cast timestamp_add timestamp_sub timestamp_diff timestamp_trunc current_datetime approx_count_distinct match against "
    "token ttl writetime totimestamp "
    # what is a type or a keyword in front of a parenthesis
    "numeric decimal varchar char character timestamp timestamptz float bit text "
    "select distinct all from where and or not in any some exists as on using join lateral by having union except intersect values "
    "over filter within group order limit offset when then else case like ilike between interval with table explain analyze array row "
    "rollup cube sets partition materialized is end show describe desc set"
)
"""Functions of the databases that only tell something. Every other may be one of the team's own, that does anything."""
ASKING_POSTGRES = (
    r"pg_((is|get|last|current|stat_get|ls|control|size|tablespace)_\w+|\w+_size|blocking_pids|wal_lsn_diff|xlog_location_diff|"
    r"walfile_name|postmaster_start_time|conf_load_time|backend_pid|encoding_to_char|char_to_encoding|typeof|table_is_visible|"
    r"relation_filepath|lock_status|stat_file)|current_setting"
)
ASKING_MONGO = words_of(
    "find findone count countdocuments estimateddocumentcount size length stats getindexes distinct aggregate explain serverstatus version "
    "currentop hello ismaster getcollectionnames getcollectioninfos getcollection getsiblingdb getname runcommand admincommand "
    "printreplicationinfo printsecondaryreplicationinfo printslavereplicationinfo status conf printjson print stringify tojson toarray "
    "pretty limit sort skip hint maxtimems batchsize itcount hasnext next project match foreach map filter keys "
    "function objectid isodate date numberlong numberint numberdecimal uuid timestamp"
)
