import { schemaVocabulary } from './schema-vocabulary.ts';

/** Property names of Anthropic's Messages API, beta members included, as its client of 2026 has them. */
export const anthropicVocabulary: ReadonlySet<string> = new Set([
  ...schemaVocabulary,
  ...`active allowed_callers allowed_domains allowed_tools appeal_url applied_edits
   authorization_token batches betas bill_to billing_policy block_binding blocked_domains
   budget_tokens cache_control cache_creation cache_creation_input_tokens cache_miss_reason
   cache_missed_input_tokens cache_read_input_tokens caching caller category citation citations
   cited_text city clear_at clear_at_least clear_tool_inputs cleared_input_tokens
   cleared_thinking_turns cleared_tool_uses client_tool_results close_tab code command compaction
   configs container container_upload content content_block context context_management coordinate
   country cursor_position data default_config defer_loading definition delta depth description
   details diagnostics disable_parallel_tool_use display display_height_px display_number
   display_width_px document_ids document_index document_title double_click download_id duration
   eager_input_streaming edits effort enable_zoom enabled encrypted_content encrypted_index
   encrypted_stdout end_block_index end_char_index end_page_number ephemeral_1h_input_tokens
   ephemeral_5m_input_tokens error error_code error_message estimated_tokens exclude_tools
   expires_at explanation fallback_credit fallback_credit_token fallback_has_prefill_claim
   fallbacks file_id file_text file_type file_upload filter find form_input format from
   get_page_text hold_key hover id index inference_geo input input_examples input_schema
   input_tokens input_transformations insert_line insert_text instructions is_error is_file_update
   iterations javascript_exec keep key left_click left_click_drag left_mouse_down left_mouse_up
   lines link list_tabs max_characters max_content_tokens max_side_length_pixels max_tokens
   max_uses mcp_server_name mcp_servers mcp_toolset media_type message messages metadata
   middle_click mode model modifiers mouse_move name navigate new_lines new_path new_start new_str
   new_tab num_lines old_lines old_path old_start old_str original_input_tokens output_config
   output_format output_tokens output_tokens_details oversized_image page_age param partial_json
   path paths pause_after_compaction prefix_mismatch_behavior previous_message_id properties query
   read_console read_network read_page reason recommended_model ref region remaining
   remove_to_redeem repeat request_id required response_inclusion retrieved_at return_code
   right_click role schema screenshot scroll scroll_amount scroll_direction scroll_to
   search_result_index server_name server_tool_results server_tool_use service_tier signature
   size_bytes skill_id skills source speed start_block_index start_char_index start_coordinate
   start_line start_page_number state_changes status stderr stdout stop_details stop_reason
   stop_sequence stop_sequences stream strict switch_tab system tab_id tabs target task_budget
   text thinking thinking_tokens thread timezone title to token tool tool_changes tool_choice
   tool_configuration tool_id tool_name tool_references tool_use_id tools toolset_name total
   total_lines trace transformations trigger triple_click ttl type unsupported url url_sources
   usage use_cache user_id user_input user_location user_profile_id value version view_range wait
   web_fetch_requests web_search_requests workspace_id x y zoom
   temperature top_k top_p`.split(/\s+/),
]);
